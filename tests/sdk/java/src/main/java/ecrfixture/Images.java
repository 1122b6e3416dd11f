package ecrfixture;

import static ecrfixture.Check.equal;
import static ecrfixture.Check.isNow;
import static ecrfixture.Check.refused;
import static ecrfixture.Content.digest;
import static ecrfixture.Content.manifest;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import software.amazon.awssdk.services.ecr.EcrClient;
import software.amazon.awssdk.services.ecr.model.AuthorizationData;
import software.amazon.awssdk.services.ecr.model.BatchDeleteImageResponse;
import software.amazon.awssdk.services.ecr.model.BatchGetImageResponse;
import software.amazon.awssdk.services.ecr.model.DescribeImagesResponse;
import software.amazon.awssdk.services.ecr.model.ImageAlreadyExistsException;
import software.amazon.awssdk.services.ecr.model.ImageDetail;
import software.amazon.awssdk.services.ecr.model.ImageFailureCode;
import software.amazon.awssdk.services.ecr.model.ImageIdentifier;
import software.amazon.awssdk.services.ecr.model.ImageNotFoundException;
import software.amazon.awssdk.services.ecr.model.ImageReferrer;
import software.amazon.awssdk.services.ecr.model.ImageStatus;
import software.amazon.awssdk.services.ecr.model.ImageStatusFilter;
import software.amazon.awssdk.services.ecr.model.ImageTagAlreadyExistsException;
import software.amazon.awssdk.services.ecr.model.LayersNotFoundException;
import software.amazon.awssdk.services.ecr.model.ListImageReferrersResponse;
import software.amazon.awssdk.services.ecr.model.ListImagesResponse;
import software.amazon.awssdk.services.ecr.model.PutImageResponse;
import software.amazon.awssdk.services.ecr.model.TagStatus;
import software.amazon.awssdk.services.ecr.model.TargetStorageClass;

/** Images of sdk/app, and the login. */
final class Images {
    private static final String APP = "sdk/app";

    private Images() {}

    static void push(EcrClient client) throws Exception {
        for (String tag : List.of("v1", "v2", "v3")) {
            equal("the digest", put(client, tag, manifest(tag)).image().imageId().imageDigest(), digest(manifest(tag)));
        }
        refused(ImageAlreadyExistsException.class, () -> put(client, "v1", manifest("v1")));
        refused(ImageTagAlreadyExistsException.class, () -> put(client, "v1", manifest("other")));
        refused(LayersNotFoundException.class, () -> put(client, "v9", manifest("v9", Content.NONE, 1)));

        Set<String> signatures = new TreeSet<>();
        for (String name : List.of("first", "second")) {
            String signature = Content.signature(name, manifest("v1"));
            signatures.add(put(client, null, signature).image().imageId().imageDigest());
        }
        // The SDK has no paginator for referrers.
        Set<String> referrers = new TreeSet<>();
        int pages = 0;
        for (String token = null; pages == 0 || token != null; pages++) {
            String next = token;
            ListImageReferrersResponse page = client.listImageReferrers(request -> request.repositoryName(APP)
                    .subjectId(subject -> subject.imageDigest(digest(manifest("v1"))))
                    .maxResults(1)
                    .nextToken(next));
            for (ImageReferrer referrer : page.referrers()) {
                equal("its type", referrer.artifactType(), Content.SIGNATURE_TYPE);
                referrers.add(referrer.digest());
            }
            token = page.nextToken();
        }
        equal("pages", pages, 2);
        equal("referrers", referrers, signatures);
    }

    static void read(EcrClient client) throws Exception {
        List<ListImagesResponse> lists = client
                .listImagesPaginator(request -> request.repositoryName(APP)
                        .filter(filter -> filter.tagStatus(TagStatus.TAGGED))
                        .maxResults(2))
                .stream()
                .toList();
        equal("pages", lists.size(), 2);
        List<String> tags = lists.stream()
                .flatMap(page -> page.imageIds().stream())
                .map(ImageIdentifier::imageTag)
                .sorted()
                .toList();
        equal("tags", tags, List.of("v1", "v2", "v3"));

        List<ImageDetail> details = new ArrayList<>();
        int pages = 0;
        for (DescribeImagesResponse page :
                client.describeImagesPaginator(request -> request.repositoryName(APP).maxResults(2))) {
            details.addAll(page.imageDetails());
            pages++;
        }
        equal("pages", pages, 3);
        equal("images", details.size(), 5);
        ImageDetail image = details.stream()
                .filter(detail -> detail.imageTags().contains("v1"))
                .findFirst()
                .orElseThrow();
        equal("its size", image.imageSizeInBytes(), (long) Content.LAYER.length + Content.CONFIG.length);
        isNow("pushed at", image.imagePushedAt());
        refused(
                ImageNotFoundException.class,
                () -> client.describeImages(request -> request.repositoryName(APP).imageIds(tagged("absent"))));

        BatchGetImageResponse got = client.batchGetImage(
                request -> request.repositoryName(APP).imageIds(tagged("v1"), tagged("absent")));
        equal("images", got.images().size(), 1);
        equal("the manifest", got.images().get(0).imageManifest(), manifest("v1"));
        equal("failures", got.failures().size(), 1);
        equal("the failure", got.failures().get(0).failureCode(), ImageFailureCode.IMAGE_NOT_FOUND);

        String url = client.getDownloadUrlForLayer(
                        request -> request.repositoryName(APP).layerDigest(digest(Content.LAYER)))
                .downloadUrl();
        equal("the layer", Arrays.equals(fetch(HttpRequest.newBuilder(URI.create(url))), Content.LAYER), true);
        refused(
                LayersNotFoundException.class,
                () -> client.getDownloadUrlForLayer(request -> request.repositoryName(APP).layerDigest(Content.NONE)));
    }

    static void archiveAndDelete(EcrClient client) {
        equal("its status", move(client, TargetStorageClass.ARCHIVE), ImageStatus.ARCHIVED);
        List<ImageDetail> archived = client.describeImages(request -> request.repositoryName(APP)
                        .filter(filter -> filter.imageStatus(ImageStatusFilter.ARCHIVED)))
                .imageDetails();
        equal("archived images", archived.size(), 1);
        equal("its tags", archived.get(0).imageTags(), List.of("v3"));
        isNow("archived at", archived.get(0).lastArchivedAt());
        equal("its status", move(client, TargetStorageClass.STANDARD), ImageStatus.ACTIVATING);

        BatchDeleteImageResponse deleted = client.batchDeleteImage(
                request -> request.repositoryName(APP).imageIds(tagged("v3"), tagged("absent")));
        equal("deleted", deleted.imageIds().size(), 1);
        equal("failures", deleted.failures().size(), 1);
        equal("the failure", deleted.failures().get(0).failureCode(), ImageFailureCode.IMAGE_NOT_FOUND);
    }

    static void login(EcrClient client) throws IOException, InterruptedException {
        AuthorizationData data = client.getAuthorizationToken().authorizationData().get(0);
        String login = new String(Base64.getDecoder().decode(data.authorizationToken()), StandardCharsets.UTF_8);
        equal("a password of AWS", login.startsWith("AWS:") && login.length() > "AWS:".length(), true);
        isNow("issued at", data.expiresAt().minus(Duration.ofHours(12)));
        fetch(HttpRequest.newBuilder(URI.create(data.proxyEndpoint() + "/v2/"))
                .header("Authorization", "Basic " + data.authorizationToken()));
    }

    static ImageIdentifier tagged(String tag) {
        return ImageIdentifier.builder().imageTag(tag).build();
    }

    private static PutImageResponse put(EcrClient client, String tag, String manifest) {
        return client.putImage(request -> request.repositoryName(APP).imageManifest(manifest).imageTag(tag));
    }

    private static ImageStatus move(EcrClient client, TargetStorageClass storageClass) {
        return client.updateImageStorageClass(request ->
                        request.repositoryName(APP).imageId(tagged("v3")).targetStorageClass(storageClass))
                .imageStatus();
    }

    /** Answers a body of status 200. */
    private static byte[] fetch(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<byte[]> response =
                HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        equal("the status of " + response.uri(), response.statusCode(), 200);
        return response.body();
    }
}
