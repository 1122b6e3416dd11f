package ecrfixture;

import static ecrfixture.Check.equal;
import static ecrfixture.Check.isNow;
import static ecrfixture.Check.refused;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import software.amazon.awssdk.services.ecr.EcrClient;
import software.amazon.awssdk.services.ecr.model.DescribeRepositoriesResponse;
import software.amazon.awssdk.services.ecr.model.EcrException;
import software.amazon.awssdk.services.ecr.model.EncryptionType;
import software.amazon.awssdk.services.ecr.model.ImageTagMutability;
import software.amazon.awssdk.services.ecr.model.InvalidParameterException;
import software.amazon.awssdk.services.ecr.model.Repository;
import software.amazon.awssdk.services.ecr.model.RepositoryAlreadyExistsException;
import software.amazon.awssdk.services.ecr.model.RepositoryNotEmptyException;
import software.amazon.awssdk.services.ecr.model.RepositoryNotFoundException;
import software.amazon.awssdk.services.ecr.model.Tag;

/** Repositories: first and last steps. */
final class Repositories {
    static final String ARN = "arn:aws:ecr:" + Journey.REGION + ":" + Journey.ACCOUNT + ":repository/sdk/app";

    private Repositories() {}

    static void make(EcrClient client) throws Exception {
        Repository app = client.createRepository(request -> request.repositoryName("sdk/app")
                        .tags(tag("team", "one"), tag("stage", "test")))
                .repository();
        equal("the ARN", app.repositoryArn(), ARN);
        equal("the registry", app.registryId(), Journey.ACCOUNT);
        equal("mutability", app.imageTagMutability(), ImageTagMutability.MUTABLE);
        equal("encryption", app.encryptionConfiguration().encryptionType(), EncryptionType.AES256);
        isNow("created at", app.createdAt());
        client.createRepository(request -> request.repositoryName("sdk/two"));
        Repository three = client.createRepository(request ->
                        request.repositoryName("sdk/three").imageScanningConfiguration(scanning -> scanning.scanOnPush(true)))
                .repository();
        equal("scan on push", three.imageScanningConfiguration().scanOnPush(), true);

        refused(
                RepositoryAlreadyExistsException.class,
                () -> client.createRepository(request -> request.repositoryName("sdk/app")));
        EcrException denied = refused(
                EcrException.class, () -> client.createRepository(request -> request.repositoryName("forbidden/app")));
        equal("the code", denied.awsErrorDetails().errorCode(), "AccessDeniedException");
        refused(
                InvalidParameterException.class,
                () -> client.createRepository(request -> request.repositoryName("Not/Valid")));

        List<DescribeRepositoriesResponse> pages =
                client.describeRepositoriesPaginator(request -> request.maxResults(2)).stream().toList();
        equal("pages", pages.size(), 2);
        List<String> names = pages.stream()
                .flatMap(page -> page.repositories().stream())
                .map(Repository::repositoryName)
                .toList();
        equal("repositories", names, List.of("sdk/app", "sdk/three", "sdk/two", "seed/base"));
        refused(
                RepositoryNotFoundException.class,
                () -> client.describeRepositories(request -> request.repositoryNames("sdk/absent")));

        client.tagResource(request -> request.resourceArn(ARN).tags(tag("stage", "prod"), tag("owner", "me")));
        client.untagResource(request -> request.resourceArn(ARN).tagKeys("team"));
        Map<String, String> tags = client.listTagsForResource(request -> request.resourceArn(ARN)).tags().stream()
                .collect(Collectors.toMap(Tag::key, Tag::value));
        equal("tags", tags, Map.of("stage", "prod", "owner", "me"));

        boolean scanOnPush = client.putImageScanningConfiguration(request ->
                        request.repositoryName("sdk/three").imageScanningConfiguration(scanning -> scanning.scanOnPush(false)))
                .imageScanningConfiguration()
                .scanOnPush();
        equal("scan on push", scanOnPush, false);
        ImageTagMutability mutability = client.putImageTagMutability(request ->
                        request.repositoryName("sdk/app").imageTagMutability(ImageTagMutability.IMMUTABLE))
                .imageTagMutability();
        equal("mutability", mutability, ImageTagMutability.IMMUTABLE);
    }

    static void remove(EcrClient client) throws Exception {
        refused(
                RepositoryNotEmptyException.class,
                () -> client.deleteRepository(request -> request.repositoryName("sdk/app")));
        Repository removed = client.deleteRepository(request -> request.repositoryName("sdk/app").force(true))
                .repository();
        equal("removed", removed.repositoryName(), "sdk/app");
        refused(
                RepositoryNotFoundException.class,
                () -> client.deleteRepository(request -> request.repositoryName("sdk/app").force(true)));
    }

    private static Tag tag(String key, String value) {
        return Tag.builder().key(key).value(value).build();
    }
}
