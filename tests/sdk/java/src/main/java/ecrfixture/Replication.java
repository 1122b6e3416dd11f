package ecrfixture;

import static ecrfixture.Check.equal;
import static ecrfixture.Content.digest;
import static ecrfixture.Images.tagged;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import software.amazon.awssdk.services.ecr.EcrClient;
import software.amazon.awssdk.services.ecr.model.Image;
import software.amazon.awssdk.services.ecr.model.ImageDetail;
import software.amazon.awssdk.services.ecr.model.ImageReplicationStatus;
import software.amazon.awssdk.services.ecr.model.ReplicationConfiguration;
import software.amazon.awssdk.services.ecr.model.ReplicationDestination;
import software.amazon.awssdk.services.ecr.model.ReplicationRule;
import software.amazon.awssdk.services.ecr.model.ReplicationStatus;
import software.amazon.awssdk.services.ecr.model.RepositoryFilter;
import software.amazon.awssdk.services.ecr.model.RepositoryFilterType;

/** Replication to other regions. This SDK does not know backfills. */
final class Replication {
    private Replication() {}

    static void replicate(EcrClient client, EcrClient ireland) {
        ReplicationRule rule = ReplicationRule.builder()
                .destinations(to("eu-west-1"), to("ap-southeast-2"))
                .repositoryFilters(below("seed/"), below("sdk/two"))
                .build();
        ReplicationConfiguration configuration =
                ReplicationConfiguration.builder().rules(rule).build();
        client.putReplicationConfiguration(request -> request.replicationConfiguration(configuration));
        equal("the configuration", client.describeRegistry(request -> {}).replicationConfiguration(), configuration);

        byte[] content = Content.filled('z', 1_000);
        for (byte[] blob : List.of(content, Content.CONFIG)) {
            Layers.Upload.of(client, "sdk/two", blob).complete(digest(blob));
        }
        Image image = client.putImage(request -> request.repositoryName("sdk/two")
                        .imageManifest(Content.manifest("r1", digest(content), content.length))
                        .imageTag("r1"))
                .image();
        Map<String, ReplicationStatus> statuses = client
                .describeImageReplicationStatus(request -> request.repositoryName("sdk/two").imageId(tagged("r1")))
                .replicationStatuses()
                .stream()
                .collect(Collectors.toMap(ImageReplicationStatus::region, ImageReplicationStatus::status));
        equal("statuses", statuses,
                Map.of("eu-west-1", ReplicationStatus.COMPLETE, "ap-southeast-2", ReplicationStatus.COMPLETE));
        List<ImageDetail> there = ireland.describeImages(
                        request -> request.repositoryName("sdk/two").imageIds(tagged("r1")))
                .imageDetails();
        equal("the replica", there.get(0).imageDigest(), image.imageId().imageDigest());
    }

    private static ReplicationDestination to(String region) {
        return ReplicationDestination.builder().region(region).registryId(Journey.ACCOUNT).build();
    }

    private static RepositoryFilter below(String prefix) {
        return RepositoryFilter.builder()
                .filter(prefix)
                .filterType(RepositoryFilterType.PREFIX_MATCH)
                .build();
    }
}
