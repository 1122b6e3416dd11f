package ecrfixture;

import static ecrfixture.Check.equal;
import static ecrfixture.Check.refused;
import static ecrfixture.Images.tagged;

import java.util.List;
import software.amazon.awssdk.services.ecr.EcrClient;
import software.amazon.awssdk.services.ecr.model.ImageSigningStatus;
import software.amazon.awssdk.services.ecr.model.SigningConfiguration;
import software.amazon.awssdk.services.ecr.model.SigningConfigurationNotFoundException;
import software.amazon.awssdk.services.ecr.model.SigningRepositoryFilter;
import software.amazon.awssdk.services.ecr.model.SigningRepositoryFilterType;
import software.amazon.awssdk.services.ecr.model.SigningRule;
import software.amazon.awssdk.services.ecr.model.SigningStatus;

/** Signing on push. */
final class Signatures {
    private static final String PROFILE =
            "arn:aws:signer:" + Journey.REGION + ":" + Journey.ACCOUNT + ":/signing-profiles/journey";

    private Signatures() {}

    static void configure(EcrClient client) {
        SigningRepositoryFilter filter = SigningRepositoryFilter.builder()
                .filter("sdk/*")
                .filterType(SigningRepositoryFilterType.WILDCARD_MATCH)
                .build();
        SigningRule rule = SigningRule.builder().signingProfileArn(PROFILE).repositoryFilters(filter).build();
        SigningConfiguration configuration = SigningConfiguration.builder().rules(rule).build();
        client.putSigningConfiguration(request -> request.signingConfiguration(configuration));
        equal(
                "the configuration",
                client.getSigningConfiguration(request -> {}).signingConfiguration(),
                configuration);
    }

    /** Looks at the image that replication pushed. */
    static void check(EcrClient client) throws Exception {
        List<ImageSigningStatus> statuses = client.describeImageSigningStatus(
                        request -> request.repositoryName("sdk/two").imageId(tagged("r1")))
                .signingStatuses();
        equal("statuses", statuses.size(), 1);
        equal("its status", statuses.get(0).status(), SigningStatus.COMPLETE);
        equal("its profile", statuses.get(0).signingProfileArn(), PROFILE);
        client.deleteSigningConfiguration(request -> {});
        refused(SigningConfigurationNotFoundException.class, () -> client.getSigningConfiguration(request -> {}));
    }
}
