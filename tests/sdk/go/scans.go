package main

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

func scans(ctx context.Context, client *ecr.Client) {
	one := &ecr.DescribeImageScanFindingsInput{
		RepositoryName: aws.String("seed/base"),
		ImageId:        tagged("one"),
		MaxResults:     aws.Int32(2),
	}
	start := &ecr.StartImageScanInput{RepositoryName: one.RepositoryName, ImageId: one.ImageId}
	equal("the scan", must(client.StartImageScan(ctx, start)).ImageScanStatus.Status, types.ScanStatusInProgress)
	waiter := ecr.NewImageScanCompleteWaiter(client, func(options *ecr.ImageScanCompleteWaiterOptions) {
		options.MinDelay, options.MaxDelay = 10*time.Millisecond, time.Second
	})
	if err := waiter.Wait(ctx, one, time.Minute); err != nil {
		panic(err)
	}
	found := pages(ctx, ecr.NewDescribeImageScanFindingsPaginator(client, one))
	equal("pages", len(found), 2)
	findings := within(found, func(page *ecr.DescribeImageScanFindingsOutput) []types.ImageScanFinding {
		return page.ImageScanFindings.Findings
	})
	names := each(findings, func(finding types.ImageScanFinding) string { return *finding.Name })
	equal("findings", names, []string{"CVE-2030-0001", "CVE-2030-0002", "CVE-2030-0003"})
	equal("severities", found[0].ImageScanFindings.FindingSeverityCounts, map[string]int32{"HIGH": 2, "LOW": 1})
	isNow("completed at", found[0].ImageScanFindings.ImageScanCompletedAt)

	// The SDK takes the quota for a throttle, and would ask three times.
	once := func(options *ecr.Options) { options.RetryMaxAttempts = 1 }
	refused[*types.LimitExceededException](client.StartImageScan(ctx, start, once))
	refused[*types.ScanNotFoundException](client.DescribeImageScanFindings(ctx, &ecr.DescribeImageScanFindingsInput{
		RepositoryName: aws.String("sdk/app"),
		ImageId:        tagged("v1"),
	}))

	rules := []types.RegistryScanningRule{{
		ScanFrequency: types.ScanFrequencyScanOnPush,
		RepositoryFilters: []types.ScanningRepositoryFilter{
			{Filter: aws.String("prod*"), FilterType: types.ScanningRepositoryFilterTypeWildcard},
		},
	}}
	must(client.PutRegistryScanningConfiguration(ctx, &ecr.PutRegistryScanningConfigurationInput{
		ScanType: types.ScanTypeBasic,
		Rules:    rules,
	}))
	scanning := must(client.GetRegistryScanningConfiguration(ctx, &ecr.GetRegistryScanningConfigurationInput{})).ScanningConfiguration
	equal("the scan type", scanning.ScanType, types.ScanTypeBasic)
	equal("the rules", scanning.Rules, rules)
	each := must(client.BatchGetRepositoryScanningConfiguration(ctx, &ecr.BatchGetRepositoryScanningConfigurationInput{
		RepositoryNames: []string{"sdk/app", "sdk/absent"},
	}))
	equal("the ARN", *each.ScanningConfigurations[0].RepositoryArn, "arn:aws:ecr:"+region+":"+account+":repository/sdk/app")
	equal("the failure", each.Failures[0].FailureCode, types.ScanningConfigurationFailureCodeRepositoryNotFound)
}

// profile signs what is pushed below sdk/.
func profile() string {
	return "arn:aws:signer:" + region + ":" + account + ":/signing-profiles/journey"
}

func signingIsSet(ctx context.Context, client *ecr.Client) {
	signing := &types.SigningConfiguration{Rules: []types.SigningRule{{
		SigningProfileArn: aws.String(profile()),
		RepositoryFilters: []types.SigningRepositoryFilter{
			{Filter: aws.String("sdk/*"), FilterType: types.SigningRepositoryFilterTypeWildcardMatch},
		},
	}}}
	must(client.PutSigningConfiguration(ctx, &ecr.PutSigningConfigurationInput{SigningConfiguration: signing}))
	got := must(client.GetSigningConfiguration(ctx, &ecr.GetSigningConfigurationInput{}))
	equal("the signing configuration", got.SigningConfiguration, signing)
}

func signingIsDone(ctx context.Context, client *ecr.Client) {
	statuses := must(client.DescribeImageSigningStatus(ctx, &ecr.DescribeImageSigningStatusInput{
		RepositoryName: aws.String("sdk/two"),
		ImageId:        tagged("r1"),
	})).SigningStatuses
	equal("statuses", len(statuses), 1)
	equal("its status", statuses[0].Status, types.SigningStatusComplete)
	equal("its profile", *statuses[0].SigningProfileArn, profile())
	must(client.DeleteSigningConfiguration(ctx, &ecr.DeleteSigningConfigurationInput{}))
	refused[*types.SigningConfigurationNotFoundException](client.GetSigningConfiguration(ctx, &ecr.GetSigningConfigurationInput{}))
}
