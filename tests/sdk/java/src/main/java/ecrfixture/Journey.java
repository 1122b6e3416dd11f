package ecrfixture;

import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.ecr.EcrClient;

/** The journey of ../README.md with the AWS SDK for Java 2. It ends with 0, or says what is wrong. */
public final class Journey {
    static final String ACCOUNT = System.getenv("ECR_JOURNEY_ACCOUNT");
    static final String REGION = System.getenv("AWS_REGION");

    private Journey() {}

    public static void main(String[] arguments) throws Exception {
        // Endpoint, key and region come from the environment.
        try (EcrClient client = EcrClient.create();
                EcrClient ireland = EcrClient.builder().region(Region.EU_WEST_1).build()) {
            Repositories.make(client);
            Layers.push(client);
            Images.push(client);
            Images.read(client);
            Images.archiveAndDelete(client);
            Images.login(client);
            Policies.ofRepositoryAndRegistry(client);
            Policies.lifecycle(client);
            Scans.scan(client);
            Scans.configure(client);
            Signatures.configure(client);
            Replication.replicate(client, ireland);
            Signatures.check(client);
            Registry.cacheRules(client);
            Registry.templates(client);
            Registry.settings(client);
            Repositories.remove(client);
        }
    }
}
