package ecrfixture;

import static ecrfixture.Check.equal;
import static ecrfixture.Check.isNow;
import static ecrfixture.Check.refused;
import static ecrfixture.Images.tagged;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import software.amazon.awssdk.services.ecr.EcrClient;
import software.amazon.awssdk.services.ecr.model.CreatePullThroughCacheRuleRequest;
import software.amazon.awssdk.services.ecr.model.CreateRepositoryCreationTemplateResponse;
import software.amazon.awssdk.services.ecr.model.DescribePullThroughCacheRulesResponse;
import software.amazon.awssdk.services.ecr.model.DescribeRepositoryCreationTemplatesResponse;
import software.amazon.awssdk.services.ecr.model.ExclusionAlreadyExistsException;
import software.amazon.awssdk.services.ecr.model.ExclusionNotFoundException;
import software.amazon.awssdk.services.ecr.model.ImageTagMutability;
import software.amazon.awssdk.services.ecr.model.ListPullTimeUpdateExclusionsResponse;
import software.amazon.awssdk.services.ecr.model.PullThroughCacheRule;
import software.amazon.awssdk.services.ecr.model.PullThroughCacheRuleAlreadyExistsException;
import software.amazon.awssdk.services.ecr.model.PullThroughCacheRuleNotFoundException;
import software.amazon.awssdk.services.ecr.model.RCTAppliedFor;
import software.amazon.awssdk.services.ecr.model.RepositoryCreationTemplate;
import software.amazon.awssdk.services.ecr.model.TemplateAlreadyExistsException;
import software.amazon.awssdk.services.ecr.model.TemplateNotFoundException;
import software.amazon.awssdk.services.ecr.model.UpstreamRegistry;

/** Settings of the registry: pull-through cache rules, creation templates, and the small ones. */
final class Registry {
    private Registry() {}

    static void cacheRules(EcrClient client) throws Exception {
        CreatePullThroughCacheRuleRequest mirror = CreatePullThroughCacheRuleRequest.builder()
                .ecrRepositoryPrefix("mirror")
                .upstreamRegistryUrl("mirror.test")
                .build();
        isNow("created at", client.createPullThroughCacheRule(mirror).createdAt());
        isNow("created at", client.createPullThroughCacheRule(request -> request.ecrRepositoryPrefix("quay")
                        .upstreamRegistryUrl("quay.io"))
                .createdAt());
        isNow("created at", client.createPullThroughCacheRule(request -> request.ecrRepositoryPrefix("hub")
                        .upstreamRegistryUrl("registry-1.docker.io")
                        .upstreamRegistry(UpstreamRegistry.DOCKER_HUB)
                        .credentialArn(secret("hub")))
                .createdAt());
        refused(
                PullThroughCacheRuleAlreadyExistsException.class,
                () -> client.createPullThroughCacheRule(mirror));

        List<DescribePullThroughCacheRulesResponse> pages =
                client.describePullThroughCacheRulesPaginator(request -> request.maxResults(2)).stream().toList();
        equal("pages", pages.size(), 2);
        List<String> prefixes = pages.stream()
                .flatMap(page -> page.pullThroughCacheRules().stream())
                .map(PullThroughCacheRule::ecrRepositoryPrefix)
                .sorted()
                .toList();
        equal("rules", prefixes, List.of("hub", "mirror", "quay"));
        String credential = client.updatePullThroughCacheRule(
                        request -> request.ecrRepositoryPrefix("hub").credentialArn(secret("other")))
                .credentialArn();
        equal("the credential", credential, secret("other"));
        boolean valid = client.validatePullThroughCacheRule(request -> request.ecrRepositoryPrefix("mirror"))
                .isValid();
        equal("valid", valid, true);

        int pulled = client.batchGetImage(
                        request -> request.repositoryName("mirror/team/base").imageIds(tagged("v1")))
                .images()
                .size();
        equal("images", pulled, 1);
        client.deletePullThroughCacheRule(request -> request.ecrRepositoryPrefix("quay"));
        refused(
                PullThroughCacheRuleNotFoundException.class,
                () -> client.deletePullThroughCacheRule(request -> request.ecrRepositoryPrefix("quay")));
    }

    static void templates(EcrClient client) throws Exception {
        for (String prefix : List.of("one", "two", "ROOT")) {
            template(client, prefix);
        }
        refused(TemplateAlreadyExistsException.class, () -> template(client, "one"));
        List<DescribeRepositoryCreationTemplatesResponse> pages = client
                .describeRepositoryCreationTemplatesPaginator(request -> request.maxResults(2))
                .stream()
                .toList();
        equal("pages", pages.size(), 2);
        equal("templates", pages.stream().mapToInt(page -> page.repositoryCreationTemplates().size()).sum(), 3);
        RepositoryCreationTemplate updated = client.updateRepositoryCreationTemplate(request -> request.prefix("one")
                        .description("journey")
                        .imageTagMutability(ImageTagMutability.IMMUTABLE))
                .repositoryCreationTemplate();
        equal("the description", updated.description(), "journey");
        equal("mutability", updated.imageTagMutability(), ImageTagMutability.IMMUTABLE);
        isNow("updated at", updated.updatedAt());
        client.deleteRepositoryCreationTemplate(request -> request.prefix("one"));
        refused(
                TemplateNotFoundException.class,
                () -> client.deleteRepositoryCreationTemplate(request -> request.prefix("one")));
    }

    static void settings(EcrClient client) throws Exception {
        client.putAccountSetting(request -> request.name("BLOB_MOUNTING").value("ENABLED"));
        equal("the setting", client.getAccountSetting(request -> request.name("BLOB_MOUNTING")).value(), "ENABLED");

        String a = "arn:aws:iam::" + Journey.ACCOUNT + ":role/a";
        String b = "arn:aws:iam::" + Journey.ACCOUNT + ":role/b";
        isNow("created at", client.registerPullTimeUpdateExclusion(request -> request.principalArn(a)).createdAt());
        isNow("created at", client.registerPullTimeUpdateExclusion(request -> request.principalArn(b)).createdAt());
        refused(
                ExclusionAlreadyExistsException.class,
                () -> client.registerPullTimeUpdateExclusion(request -> request.principalArn(a)));
        // The SDK has no paginator for exclusions.
        Set<String> excluded = new TreeSet<>();
        int pages = 0;
        for (String token = null; pages == 0 || token != null; pages++) {
            String next = token;
            ListPullTimeUpdateExclusionsResponse page =
                    client.listPullTimeUpdateExclusions(request -> request.maxResults(1).nextToken(next));
            excluded.addAll(page.pullTimeUpdateExclusions());
            token = page.nextToken();
        }
        equal("pages", pages, 2);
        equal("exclusions", excluded, Set.of(a, b));
        client.deregisterPullTimeUpdateExclusion(request -> request.principalArn(a));
        refused(
                ExclusionNotFoundException.class,
                () -> client.deregisterPullTimeUpdateExclusion(request -> request.principalArn(a)));
    }

    private static CreateRepositoryCreationTemplateResponse template(EcrClient client, String prefix) {
        return client.createRepositoryCreationTemplate(
                request -> request.prefix(prefix).appliedFor(RCTAppliedFor.CREATE_ON_PUSH));
    }

    private static String secret(String name) {
        return "arn:aws:secretsmanager:" + Journey.REGION + ":" + Journey.ACCOUNT + ":secret:ecr-pullthroughcache/"
                + name + "-AbCdEf";
    }
}
