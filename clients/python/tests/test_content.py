from __future__ import annotations

import hashlib
import io
import json
import tarfile

import pytest

from ecrfixture._content import image_content, layer_tar


def test_a_pushed_image_has_the_digest_that_every_language_makes():
    content = image_content("app:v1", 2, 1024)
    assert content.digest == "sha256:59e820b719d81dd1e8476f8dd3121edad554270cd1bebf8d465a47afe7dc03ca"
    assert content.digest == "sha256:" + hashlib.sha256(content.manifest).hexdigest()


def test_its_descriptors_describe_its_blobs():
    content = image_content("app:v1", 3, 10)
    manifest = json.loads(content.manifest)
    for listed, (blob, data) in zip(
        [manifest["config"], *manifest["layers"]], [content.config, *content.layers], strict=True
    ):
        assert listed == {"mediaType": blob.media_type, "digest": blob.digest, "size": blob.size}
        assert (blob.digest, blob.size) == ("sha256:" + hashlib.sha256(data).hexdigest(), len(data))
    assert json.loads(content.config[1])["rootfs"]["diff_ids"] == [blob.digest for blob, _ in content.layers]


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 100_000])
def test_a_layer_is_a_tar_of_one_file(size):
    with tarfile.open(fileobj=io.BytesIO(layer_tar("app:v1", 4, size)), mode="r:") as tar:
        (member,) = tar.getmembers()
        assert (member.name, member.size, member.mode, member.mtime) == ("layer-4", size, 0o644, 0)
        assert len(tar.extractfile(member).read()) == size


def test_reference_layer_and_size_each_change_the_bytes():
    tars = {
        layer_tar("app:v1", 0, 64),
        layer_tar("app:v2", 0, 64),
        layer_tar("app:v1", 1, 64),
        layer_tar("app:v1", 0, 65),
    }
    assert len(tars) == 4
