package ecrfixture;

import static ecrfixture.Check.equal;
import static ecrfixture.Check.refused;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.services.ecr.EcrClient;
import software.amazon.awssdk.services.ecr.model.GetLifecyclePolicyPreviewResponse;
import software.amazon.awssdk.services.ecr.model.GetLifecyclePolicyResponse;
import software.amazon.awssdk.services.ecr.model.LifecyclePolicyNotFoundException;
import software.amazon.awssdk.services.ecr.model.LifecyclePolicyPreviewNotFoundException;
import software.amazon.awssdk.services.ecr.model.LifecyclePolicyPreviewResult;
import software.amazon.awssdk.services.ecr.model.LifecyclePolicyPreviewStatus;
import software.amazon.awssdk.services.ecr.model.RegistryPolicyNotFoundException;
import software.amazon.awssdk.services.ecr.model.RepositoryPolicyNotFoundException;
import software.amazon.awssdk.services.ecr.waiters.EcrWaiter;

/** Policies of repository and registry, and a lifecycle policy with its preview. */
final class Policies {
    private static final String BASE = "seed/base";
    private static final String LIFECYCLE = "{\"rules\":[{\"rulePriority\":1,\"selection\":{\"tagStatus\":\"any\","
            + "\"countType\":\"imageCountMoreThan\",\"countNumber\":1},\"action\":{\"type\":\"expire\"}}]}";

    private Policies() {}

    static void ofRepositoryAndRegistry(EcrClient client) throws Exception {
        client.setRepositoryPolicy(
                request -> request.repositoryName("sdk/app").policyText(allowing("ecr:BatchGetImage", "")));
        String ofRepository =
                client.getRepositoryPolicy(request -> request.repositoryName("sdk/app")).policyText();
        equal("its action and principal", says(ofRepository, "\"ecr:BatchGetImage\""), true);
        client.deleteRepositoryPolicy(request -> request.repositoryName("sdk/app"));
        refused(
                RepositoryPolicyNotFoundException.class,
                () -> client.getRepositoryPolicy(request -> request.repositoryName("sdk/app")));

        String everything = "arn:aws:ecr:" + Journey.REGION + ":" + Journey.ACCOUNT + ":repository/*";
        client.putRegistryPolicy(request ->
                request.policyText(allowing("ecr:ReplicateImage", ",\"Resource\":\"" + everything + "\"")));
        String ofRegistry = client.getRegistryPolicy(request -> {}).policyText();
        equal("its action and principal", says(ofRegistry, "\"ecr:ReplicateImage\""), true);
        client.deleteRegistryPolicy(request -> {});
        refused(RegistryPolicyNotFoundException.class, () -> client.getRegistryPolicy(request -> {}));
    }

    static void lifecycle(EcrClient client) throws Exception {
        client.putLifecyclePolicy(request -> request.repositoryName(BASE).lifecyclePolicyText(LIFECYCLE));
        GetLifecyclePolicyResponse policy = client.getLifecyclePolicy(request -> request.repositoryName(BASE));
        equal("the policy", policy.lifecyclePolicyText(), LIFECYCLE);
        equal("a time of its evaluation", policy.lastEvaluatedAt() != null, true);

        LifecyclePolicyPreviewStatus status = client.startLifecyclePolicyPreview(request -> request.repositoryName(BASE))
                .status();
        equal("the preview", status, LifecyclePolicyPreviewStatus.IN_PROGRESS);
        try (EcrWaiter waiter = waiter(client)) {
            waiter.waitUntilLifecyclePolicyPreviewComplete(request -> request.repositoryName(BASE));
        }
        List<GetLifecyclePolicyPreviewResponse> pages = client
                .getLifecyclePolicyPreviewPaginator(request -> request.repositoryName(BASE).maxResults(1))
                .stream()
                .toList();
        equal("pages", pages.size(), 2);
        equal("the summary", pages.get(0).summary().expiringImageTotalCount(), 2);
        List<LifecyclePolicyPreviewResult> results =
                pages.stream().flatMap(page -> page.previewResults().stream()).toList();
        equal("what expires", results.stream().map(LifecyclePolicyPreviewResult::imageTags).toList(),
                List.of(List.of("one"), List.of("two")));
        equal("pushed at", results.get(0).imagePushedAt(), Instant.parse("2029-06-01T12:30:15.5Z"));
        refused(
                LifecyclePolicyPreviewNotFoundException.class,
                () -> client.getLifecyclePolicyPreview(request -> request.repositoryName("sdk/two")));

        client.deleteLifecyclePolicy(request -> request.repositoryName(BASE));
        refused(
                LifecyclePolicyNotFoundException.class,
                () -> client.getLifecyclePolicy(request -> request.repositoryName(BASE)));
    }

    /** The SDK's waiter, in a hurry. */
    static EcrWaiter waiter(EcrClient client) {
        return EcrWaiter.builder()
                .client(client)
                .overrideConfiguration(waiting -> waiting.backoffStrategyV2(
                                BackoffStrategy.fixedDelayWithoutJitter(Duration.ofMillis(100)))
                        .waitTimeout(Duration.ofMinutes(1)))
                .build();
    }

    private static String allowing(String action, String resource) {
        return "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"journey\",\"Effect\":\"Allow\","
                + "\"Principal\":{\"AWS\":\"arn:aws:iam::999988887777:root\"},\"Action\":\"" + action + "\"" + resource
                + "}]}";
    }

    private static boolean says(String policy, String action) {
        return policy.contains(action) && policy.contains("999988887777");
    }
}
