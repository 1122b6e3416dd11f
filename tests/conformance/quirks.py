"""Where ECR does not conform: every leaf of the suite that fails or is skipped against profile `ecr`, with the reason.

A leaf that is not listed must pass, and a listed one must not, each as often as the number before it says; many leaves
of the suite have the same name. The daemon does what ECR does, so an entry goes only when ECR changes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quirk:
    """One way in which ECR is not what the suite expects."""

    what: str
    """What ECR does."""
    source: str
    """How that is known."""
    says: str
    """Pattern that the report of each of these leaves matches."""
    leaves: str
    """Lines of a number, or a range of them, and the name of a leaf."""


QUIRKS = (
    Quirk(
        what="A chunk is answered 201, where the specification has 202.",
        source=("google/go-containerregistry takes 201 beside 202 and 204 from ECR; row C-050, unconfirmed."),
        says=r"expected one of \[202\], received 201",
        leaves="""
1 sha256 blobs/bad digest chunked and put chunk/blob-patch-chunked
1 sha256 blobs/bad digest chunked/blob-patch-chunked
1 sha256 blobs/bad digest stream/blob-patch-stream
1 sha256 blobs/chunked multi and put chunk/blob-patch-chunked
1 sha256 blobs/chunked multi/blob-patch-chunked
1 sha256 blobs/chunked out-of-order and put chunk/blob-patch-chunked
1 sha256 blobs/chunked out-of-order/blob-patch-chunked
1 sha256 blobs/chunked single/blob-patch-chunked
1 sha256 blobs/empty/blob-patch-stream
1 sha256 blobs/stream/blob-patch-stream
1 sha512 blobs/bad digest chunked and put chunk/blob-patch-chunked
1 sha512 blobs/bad digest chunked/blob-patch-chunked
1 sha512 blobs/bad digest stream/blob-patch-stream
1 sha512 blobs/chunked multi and put chunk/blob-patch-chunked
1 sha512 blobs/chunked multi/blob-patch-chunked
1 sha512 blobs/chunked out-of-order and put chunk/blob-patch-chunked
1 sha512 blobs/chunked out-of-order/blob-patch-chunked
1 sha512 blobs/chunked single/blob-patch-chunked
1 sha512 blobs/empty/blob-patch-stream
1 sha512 blobs/emptyJSON/blob-patch-chunked
1 sha512 blobs/emptyJSON/blob-patch-stream
1 sha512 blobs/mount anonymous/blob-patch-chunked
1 sha512 blobs/mount anonymous/blob-patch-stream
1 sha512 blobs/mount/blob-patch-chunked
1 sha512 blobs/mount/blob-patch-stream
1 sha512 blobs/range requests/blob-patch-chunked
1 sha512 blobs/range requests/blob-patch-stream
1 sha512 blobs/stream/blob-patch-stream
6 sha512/push/blob-patch-chunked
6 sha512/push/blob-patch-stream
6 tag-param-sha512/push/blob-patch-chunked
6 tag-param-sha512/push/blob-patch-stream
""",
    ),
    Quirk(
        what="A GET of a blob is redirected to the storage, which knows keys and not what their bytes hash to.",
        source=(
            "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html; row C-037. The suite wants a header "
            "that the specification leaves to the registry."
        ),
        says=r"registry did not return a Docker-Content-Digest header",
        leaves="""
3 artifact-index/pull/blob-get
1 artifact-without-layers/pull/blob-get
2 artifact/pull/blob-get
8 artifacts-with-subject/pull/blob-get
3 bad-digest-image/pull/blob-get
6 custom-fields/pull/blob-get
3 data-field/pull/blob-get
3 image-uncompressed/pull/blob-get
3 image/pull/blob-get
9 index-with-subject/pull/blob-get
6 index/pull/blob-get
3 large-manifest/pull/blob-get
2 missing-subject/pull/blob-get
10 nested-index/pull/blob-get
1 no-layers/pull/blob-get
2 non-distributable-layers/pull/blob-get
1 sha256 blobs/emptyJSON/blob-get
1 sha256 blobs/mount missing/blob-get
1 sha256 blobs/post only/blob-get
1 sha256 blobs/post+put/blob-get
4 sparse/pull/blob-get
6 tag-param-sha256/pull/blob-get
""",
    ),
    Quirk(
        what="A blob without bytes is refused: an upload without a part cannot be completed.",
        source=(
            "https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CompleteLayerUpload.html "
            "(EmptyUploadException); row C-056."
        ),
        says=r"received 40[04]",
        leaves="""
1 sha256 blobs/empty/blob-get
1 sha256 blobs/empty/blob-head
1 sha256 blobs/empty/blob-patch-chunked
1 sha256 blobs/empty/blob-post-only
1 sha256 blobs/empty/blob-post-put
""",
    ),
    Quirk(
        what=("Digests are SHA-256: a blob or manifest of another algorithm is refused, and so is never there."),
        source="No other algorithm is known of ECR; row C-055, unconfirmed.",
        says=r"received 40[04]|missing tag",
        leaves="""
1 sha512 blobs/empty/blob-get
1 sha512 blobs/empty/blob-head
1 sha512 blobs/empty/blob-patch-chunked
1 sha512 blobs/empty/blob-post-only
1 sha512 blobs/empty/blob-post-put
1 sha512 blobs/emptyJSON/blob-get
1 sha512 blobs/emptyJSON/blob-head
1 sha512 blobs/emptyJSON/blob-post-only
1 sha512 blobs/emptyJSON/blob-post-put
1 sha512 blobs/mount anonymous/blob-mount-anonymous
1 sha512 blobs/mount anonymous/blob-post-only
1 sha512 blobs/mount anonymous/blob-post-put
1 sha512 blobs/mount missing/blob-mount
1 sha512 blobs/mount/blob-mount
1 sha512 blobs/mount/blob-post-only
1 sha512 blobs/mount/blob-post-put
1 sha512 blobs/post only/blob-post-only
1 sha512 blobs/post+put/blob-post-put
1 sha512 blobs/range requests/blob-post-only
1 sha512 blobs/range requests/blob-post-put
6 sha512/head/blob-head
3 sha512/head/manifest-head-by-digest
6 sha512/pull/blob-get
3 sha512/pull/manifest-by-digest
6 sha512/push/blob-post-only
6 sha512/push/blob-post-put
3 sha512/push/manifest-by-digest
6 tag-param-sha512/head/blob-head
3 tag-param-sha512/head/manifest-head-by-digest
4 tag-param-sha512/head/manifest-head-by-tag
6 tag-param-sha512/pull/blob-get
3 tag-param-sha512/pull/manifest-by-digest
4 tag-param-sha512/pull/manifest-by-tag
6 tag-param-sha512/push/blob-post-only
6 tag-param-sha512/push/blob-post-put
3 tag-param-sha512/push/manifest-by-digest
4 tag-param-sha512/push/manifest-by-tag
1 tag-param-sha512/tag-list
""",
    ),
    Quirk(
        what="An image without layers is refused.",
        source="https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html; row A-015.",
        says=r"received 40[45]|missing tag",
        leaves="""
1 no-layers/head/manifest-head-by-digest
1 no-layers/head/manifest-head-by-tag
1 no-layers/pull/manifest-by-digest
1 no-layers/pull/manifest-by-tag
1 no-layers/push/manifest-by-digest
1 no-layers/push/manifest-by-tag
1 no-layers/tag-list
""",
    ),
    Quirk(
        what="A manifest is refused while a blob or an image that it names is missing.",
        source=(
            "https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html "
            "(LayersNotFoundException, ReferencedImagesNotFoundException); rows A-038, A-039, "
            "C-067."
        ),
        says=r"received 404|missing tag",
        leaves="""
2 sparse/head/manifest-head-by-digest
2 sparse/head/manifest-head-by-tag
2 sparse/pull/manifest-by-digest
2 sparse/pull/manifest-by-tag
2 sparse/push/manifest-by-digest
2 sparse/push/manifest-by-tag
1 sparse/tag-list
""",
    ),
    Quirk(
        what="`last` of a list of tags is an opaque cursor; a tag there is refused.",
        source="deitch/docker_registry2#34; row C-033.",
        says=r"received 405",
        leaves="""
1 artifacts-with-subject/tag-list
1 index-with-subject/tag-list
1 tag-param-sha256/tag-list
""",
    ),
    Quirk(
        what="Blobs cannot be deleted.",
        source="Layers go with their images in ECR; row C-040, unconfirmed.",
        says=r"returned status 405",
        leaves="""
3 artifact-index/delete/blob-delete
1 artifact-without-layers/delete/blob-delete
2 artifact/delete/blob-delete
8 artifacts-with-subject/delete/blob-delete
3 bad-digest-image/delete/blob-delete
6 custom-fields/delete/blob-delete
3 data-field/delete/blob-delete
3 image-uncompressed/delete/blob-delete
3 image/delete/blob-delete
9 index-with-subject/delete/blob-delete
6 index/delete/blob-delete
2 invalid-digest-format/delete/blob-delete
3 large-manifest/delete/blob-delete
2 missing-subject/delete/blob-delete
10 nested-index/delete/blob-delete
1 no-layers/delete/blob-delete
2 non-distributable-layers/delete/blob-delete
1 sha256 blobs/chunked multi and put chunk/blob-delete
1 sha256 blobs/chunked multi/blob-delete
1 sha256 blobs/chunked out-of-order and put chunk/blob-delete
1 sha256 blobs/chunked out-of-order/blob-delete
1 sha256 blobs/chunked single/blob-delete
1 sha256 blobs/empty/blob-delete
1 sha256 blobs/emptyJSON/blob-delete
2 sha256 blobs/mount anonymous/blob-delete
1 sha256 blobs/mount missing/blob-delete
2 sha256 blobs/mount/blob-delete
1 sha256 blobs/post cancel/blob-delete
1 sha256 blobs/post only/blob-delete
1 sha256 blobs/post+put/blob-delete
1 sha256 blobs/range requests/blob-delete
1 sha256 blobs/stream/blob-delete
1 sha512 blobs/chunked multi and put chunk/blob-delete
1 sha512 blobs/chunked multi/blob-delete
1 sha512 blobs/chunked out-of-order and put chunk/blob-delete
1 sha512 blobs/chunked out-of-order/blob-delete
1 sha512 blobs/chunked single/blob-delete
1 sha512 blobs/empty/blob-delete
1 sha512 blobs/emptyJSON/blob-delete
2 sha512 blobs/mount anonymous/blob-delete
1 sha512 blobs/mount missing/blob-delete
2 sha512 blobs/mount/blob-delete
1 sha512 blobs/post cancel/blob-delete
1 sha512 blobs/post only/blob-delete
1 sha512 blobs/post+put/blob-delete
1 sha512 blobs/stream/blob-delete
6 sha512/delete/blob-delete
4 sparse/delete/blob-delete
6 tag-param-sha256/delete/blob-delete
6 tag-param-sha512/delete/blob-delete
""",
    ),
    Quirk(
        what=("A blob that no image uses yet is not mounted, nor is any while BLOB_MOUNTING is off or without `from`."),
        source=("https://docs.aws.amazon.com/AmazonECR/latest/userguide/blob-mounting.html; rows C-043, D-018."),
        says=r"returned status 202, fell back",
        leaves="""
1 sha256 blobs/mount anonymous/blob-mount-anonymous
1 sha256 blobs/mount/blob-mount
""",
    ),
    Quirk(
        what="`?tag=` of a push by digest does nothing.",
        source="The parameter is younger than the version that ECR names; unconfirmed.",
        says=r"header missing OCI-Tag",
        leaves="""
3 tag-param-sha256/push/manifest-by-digest
""",
    ),
    Quirk(
        what="The last tag of an image goes only with the image, which stays while an index holds it.",
        source="https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html; row A-123.",
        says=r"returned status 405",
        # The suite deletes tags in no order, so the index may be gone before its children.
        leaves="""
0-2 tag-param-sha256/delete/tag-delete
""",
    ),
)
