package ecrfixture;

import static ecrfixture.Check.equal;
import static ecrfixture.Check.isNow;
import static ecrfixture.Check.refused;
import static ecrfixture.Images.tagged;

import java.util.List;
import java.util.Map;
import software.amazon.awssdk.services.ecr.EcrClient;
import software.amazon.awssdk.services.ecr.model.BatchGetRepositoryScanningConfigurationResponse;
import software.amazon.awssdk.services.ecr.model.DescribeImageScanFindingsResponse;
import software.amazon.awssdk.services.ecr.model.FindingSeverity;
import software.amazon.awssdk.services.ecr.model.ImageScanFinding;
import software.amazon.awssdk.services.ecr.model.ImageScanFindings;
import software.amazon.awssdk.services.ecr.model.LimitExceededException;
import software.amazon.awssdk.services.ecr.model.RegistryScanningConfiguration;
import software.amazon.awssdk.services.ecr.model.RegistryScanningRule;
import software.amazon.awssdk.services.ecr.model.ScanFrequency;
import software.amazon.awssdk.services.ecr.model.ScanNotFoundException;
import software.amazon.awssdk.services.ecr.model.ScanStatus;
import software.amazon.awssdk.services.ecr.model.ScanType;
import software.amazon.awssdk.services.ecr.model.ScanningConfigurationFailureCode;
import software.amazon.awssdk.services.ecr.model.ScanningRepositoryFilter;
import software.amazon.awssdk.services.ecr.model.ScanningRepositoryFilterType;
import software.amazon.awssdk.services.ecr.waiters.EcrWaiter;

/** A scan, and what is scanned. */
final class Scans {
    private static final String BASE = "seed/base";

    private Scans() {}

    static void scan(EcrClient client) throws Exception {
        ScanStatus status = client.startImageScan(request -> request.repositoryName(BASE).imageId(tagged("one")))
                .imageScanStatus()
                .status();
        equal("the scan", status, ScanStatus.IN_PROGRESS);
        try (EcrWaiter waiter = Policies.waiter(client)) {
            waiter.waitUntilImageScanComplete(request -> request.repositoryName(BASE).imageId(tagged("one")));
        }
        List<DescribeImageScanFindingsResponse> pages = client
                .describeImageScanFindingsPaginator(
                        request -> request.repositoryName(BASE).imageId(tagged("one")).maxResults(2))
                .stream()
                .toList();
        equal("pages", pages.size(), 2);
        List<String> names = pages.stream()
                .flatMap(page -> page.imageScanFindings().findings().stream())
                .map(ImageScanFinding::name)
                .toList();
        equal("findings", names, List.of("CVE-2030-0001", "CVE-2030-0002", "CVE-2030-0003"));
        ImageScanFindings found = pages.get(0).imageScanFindings();
        equal("severities", found.findingSeverityCounts(), Map.of(FindingSeverity.HIGH, 2, FindingSeverity.LOW, 1));
        isNow("completed at", found.imageScanCompletedAt());

        refused(
                LimitExceededException.class,
                () -> client.startImageScan(request -> request.repositoryName(BASE).imageId(tagged("one"))));
        refused(
                ScanNotFoundException.class,
                () -> client.describeImageScanFindings(
                        request -> request.repositoryName("sdk/app").imageId(tagged("v1"))));
    }

    static void configure(EcrClient client) {
        RegistryScanningRule rule = RegistryScanningRule.builder()
                .scanFrequency(ScanFrequency.SCAN_ON_PUSH)
                .repositoryFilters(ScanningRepositoryFilter.builder()
                        .filter("prod*")
                        .filterType(ScanningRepositoryFilterType.WILDCARD)
                        .build())
                .build();
        client.putRegistryScanningConfiguration(request -> request.scanType(ScanType.BASIC).rules(rule));
        RegistryScanningConfiguration configuration =
                client.getRegistryScanningConfiguration(request -> {}).scanningConfiguration();
        equal("the scan type", configuration.scanType(), ScanType.BASIC);
        equal("the rules", configuration.rules(), List.of(rule));

        BatchGetRepositoryScanningConfigurationResponse each = client.batchGetRepositoryScanningConfiguration(
                request -> request.repositoryNames("sdk/app", "sdk/absent"));
        equal("the ARN", each.scanningConfigurations().get(0).repositoryArn(), Repositories.ARN);
        equal(
                "the failure",
                each.failures().get(0).failureCode(),
                ScanningConfigurationFailureCode.REPOSITORY_NOT_FOUND);
    }
}
