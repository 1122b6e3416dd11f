package main

import (
	"bytes"
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

func replication(ctx context.Context, client, ireland *ecr.Client) {
	to := func(region string) *types.ReplicationDestination {
		return &types.ReplicationDestination{Region: &region, RegistryId: &account}
	}
	configuration := &types.ReplicationConfiguration{Rules: []types.ReplicationRule{{
		Destinations: []types.ReplicationDestination{*to("eu-west-1"), *to("ap-southeast-2")},
		RepositoryFilters: []types.RepositoryFilter{
			{Filter: aws.String("seed/"), FilterType: types.RepositoryFilterTypePrefixMatch},
			{Filter: aws.String("sdk/two"), FilterType: types.RepositoryFilterTypePrefixMatch},
		},
	}}}
	must(client.PutReplicationConfiguration(ctx, &ecr.PutReplicationConfigurationInput{ReplicationConfiguration: configuration}))
	registry := must(client.DescribeRegistry(ctx, &ecr.DescribeRegistryInput{}))
	equal("the replication configuration", registry.ReplicationConfiguration, configuration)

	start := func(region string) *ecr.StartReplicationBackfillOutput {
		return must(client.StartReplicationBackfill(ctx, &ecr.StartReplicationBackfillInput{Destination: to(region)}))
	}
	near := start("eu-west-1")
	isNow("started at", near.StartedAt)
	found := pages(ctx, ecr.NewDescribeReplicationBackfillResultsPaginator(client, &ecr.DescribeReplicationBackfillResultsInput{
		ReplicationBackfillId: near.ReplicationBackfillId,
		MaxResults:            aws.Int32(2),
	}))
	equal("pages", len(found), 2)
	equal("all of them", *found[0].Progress.TotalReplicationCount, 3)
	results := within(found, func(page *ecr.DescribeReplicationBackfillResultsOutput) []types.ReplicationBackfillResult {
		return page.Results
	})
	equal("results", len(results), 3)
	for _, result := range results {
		equal("its repository", *result.RepositoryName, "seed/base")
		equal("its status", result.Status, types.ReplicationBackfillResultStatusComplete)
	}

	far := start("ap-southeast-2")
	stopped := must(client.StopReplicationBackfill(ctx, &ecr.StopReplicationBackfillInput{
		ReplicationBackfillId: far.ReplicationBackfillId,
	}))
	equal("its status", stopped.Status, types.ReplicationBackfillStatusStopping)
	lists := pages(ctx, ecr.NewListReplicationBackfillsPaginator(client, &ecr.ListReplicationBackfillsInput{MaxResults: aws.Int32(1)}))
	equal("pages", len(lists), 2)
	listed := within(lists, func(page *ecr.ListReplicationBackfillsOutput) []types.ReplicationBackfillSummary {
		return page.Backfills
	})
	ids := each(listed, func(backfill types.ReplicationBackfillSummary) string { return *backfill.ReplicationBackfillId })
	slices.Sort(ids)
	equal("backfills", ids, slices.Sorted(slices.Values([]string{*near.ReplicationBackfillId, *far.ReplicationBackfillId})))

	replica(ctx, client, ireland)
}

// replica pushes an image and finds it in the other region.
func replica(ctx context.Context, client, ireland *ecr.Client) {
	two, content := aws.String("sdk/two"), bytes.Repeat([]byte("z"), 1_000)
	for _, blob := range [][]byte{content, configuration} {
		must(uploaded(ctx, client, *two, blob).complete(ctx, digest(blob)))
	}
	image := must(client.PutImage(ctx, &ecr.PutImageInput{
		RepositoryName: two,
		ImageManifest:  aws.String(manifestOver("r1", digest(content), len(content)).text()),
		ImageTag:       aws.String("r1"),
	})).Image
	statuses := map[string]types.ReplicationStatus{}
	for _, status := range must(client.DescribeImageReplicationStatus(ctx, &ecr.DescribeImageReplicationStatusInput{
		RepositoryName: two,
		ImageId:        tagged("r1"),
	})).ReplicationStatuses {
		statuses[*status.Region] = status.Status
	}
	complete := types.ReplicationStatusComplete
	equal("statuses", statuses, map[string]types.ReplicationStatus{"eu-west-1": complete, "ap-southeast-2": complete})
	there := must(ireland.DescribeImages(ctx, &ecr.DescribeImagesInput{
		RepositoryName: two,
		ImageIds:       []types.ImageIdentifier{*tagged("r1")},
	})).ImageDetails
	equal("the replica", *there[0].ImageDigest, *image.ImageId.ImageDigest)
}
