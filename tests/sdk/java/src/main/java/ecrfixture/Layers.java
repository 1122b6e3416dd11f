package ecrfixture;

import static ecrfixture.Check.equal;
import static ecrfixture.Check.refused;
import static ecrfixture.Content.digest;

import java.util.List;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.ecr.EcrClient;
import software.amazon.awssdk.services.ecr.model.CompleteLayerUploadResponse;
import software.amazon.awssdk.services.ecr.model.InitiateLayerUploadResponse;
import software.amazon.awssdk.services.ecr.model.InvalidLayerPartException;
import software.amazon.awssdk.services.ecr.model.Layer;
import software.amazon.awssdk.services.ecr.model.LayerAlreadyExistsException;
import software.amazon.awssdk.services.ecr.model.LayerAvailability;
import software.amazon.awssdk.services.ecr.model.UploadLayerPartResponse;

/** Layers, in parts. */
final class Layers {
    private Layers() {}

    static void push(EcrClient client) throws Exception {
        Upload layer = Upload.of(client, "sdk/app", Content.LAYER_FIRST, Content.LAYER_LAST);
        equal("the digest", layer.complete(digest(Content.LAYER)).layerDigest(), digest(Content.LAYER));
        Upload.of(client, "sdk/app", Content.CONFIG).complete(digest(Content.CONFIG));
        Upload again = Upload.of(client, "sdk/app", Content.CONFIG);
        refused(LayerAlreadyExistsException.class, () -> again.complete(digest(Content.CONFIG)));

        Upload gap = Upload.of(client, "sdk/app", Content.LAYER_LAST);
        InvalidLayerPartException invalid =
                refused(InvalidLayerPartException.class, () -> gap.part(2_000, Content.LAYER_LAST));
        equal("the last valid byte", invalid.lastValidByteReceived(), 999L);

        List<Layer> there = client.batchCheckLayerAvailability(
                        request -> request.repositoryName("sdk/app").layerDigests(digest(Content.LAYER), Content.NONE))
                .layers();
        equal("layers", there.size(), 2);
        equal("the first", there.get(0).layerAvailability(), LayerAvailability.AVAILABLE);
        equal("its size", there.get(0).layerSize(), 5_243_880L);
        equal("the second", there.get(1).layerAvailability(), LayerAvailability.UNAVAILABLE);
    }

    /** An upload under way. */
    record Upload(EcrClient client, String repository, String id) {
        /** Begins an upload and sends its parts. */
        static Upload of(EcrClient client, String repository, byte[]... parts) {
            InitiateLayerUploadResponse begun =
                    client.initiateLayerUpload(request -> request.repositoryName(repository));
            equal("a part size", begun.partSize() > 0, true);
            Upload upload = new Upload(client, repository, begun.uploadId());
            long sent = 0;
            for (byte[] part : parts) {
                long last = upload.part(sent, part).lastByteReceived();
                sent += part.length;
                equal("the last byte", last, sent - 1);
            }
            return upload;
        }

        UploadLayerPartResponse part(long first, byte[] bytes) {
            return client.uploadLayerPart(request -> request.repositoryName(repository)
                    .uploadId(id)
                    .partFirstByte(first)
                    .partLastByte(first + bytes.length - 1)
                    .layerPartBlob(SdkBytes.fromByteArray(bytes)));
        }

        CompleteLayerUploadResponse complete(String digest) {
            return client.completeLayerUpload(
                    request -> request.repositoryName(repository).uploadId(id).layerDigests(digest));
        }
    }
}
