package main

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/smithy-go"
)

func repositories(ctx context.Context, client *ecr.Client) {
	arn := "arn:aws:ecr:" + region + ":" + account + ":repository/sdk/app"
	app := must(client.CreateRepository(ctx, &ecr.CreateRepositoryInput{
		RepositoryName: aws.String("sdk/app"),
		Tags: []types.Tag{
			{Key: aws.String("team"), Value: aws.String("one")},
			{Key: aws.String("stage"), Value: aws.String("test")},
		},
	})).Repository
	equal("the ARN", *app.RepositoryArn, arn)
	equal("the registry", *app.RegistryId, account)
	equal("mutability", app.ImageTagMutability, types.ImageTagMutabilityMutable)
	equal("encryption", app.EncryptionConfiguration.EncryptionType, types.EncryptionTypeAes256)
	isNow("created at", app.CreatedAt)

	must(client.CreateRepository(ctx, &ecr.CreateRepositoryInput{RepositoryName: aws.String("sdk/two")}))
	three := must(client.CreateRepository(ctx, &ecr.CreateRepositoryInput{
		RepositoryName:             aws.String("sdk/three"),
		ImageScanningConfiguration: &types.ImageScanningConfiguration{ScanOnPush: true},
	})).Repository
	equal("scan on push", three.ImageScanningConfiguration.ScanOnPush, true)

	create := func(name string) (*ecr.CreateRepositoryOutput, error) {
		return client.CreateRepository(ctx, &ecr.CreateRepositoryInput{RepositoryName: &name})
	}
	refused[*types.RepositoryAlreadyExistsException](create("sdk/app"))
	var denied smithy.APIError
	_, err := create("forbidden/app")
	equal("denied", errors.As(err, &denied), true)
	equal("the code", denied.ErrorCode(), "AccessDeniedException")
	refused[*types.InvalidParameterException](create("Not/Valid"))

	found := pages(ctx, ecr.NewDescribeRepositoriesPaginator(client, &ecr.DescribeRepositoriesInput{MaxResults: aws.Int32(2)}))
	equal("pages", len(found), 2)
	listed := within(found, func(page *ecr.DescribeRepositoriesOutput) []types.Repository { return page.Repositories })
	names := each(listed, func(repository types.Repository) string { return *repository.RepositoryName })
	equal("repositories", names, []string{"sdk/app", "sdk/three", "sdk/two", "seed/base"})
	refused[*types.RepositoryNotFoundException](client.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{
		RepositoryNames: []string{"sdk/absent"},
	}))

	must(client.TagResource(ctx, &ecr.TagResourceInput{ResourceArn: &arn, Tags: []types.Tag{
		{Key: aws.String("stage"), Value: aws.String("prod")},
		{Key: aws.String("owner"), Value: aws.String("me")},
	}}))
	must(client.UntagResource(ctx, &ecr.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"team"}}))
	tags := map[string]string{}
	for _, tag := range must(client.ListTagsForResource(ctx, &ecr.ListTagsForResourceInput{ResourceArn: &arn})).Tags {
		tags[*tag.Key] = *tag.Value
	}
	equal("tags", tags, map[string]string{"stage": "prod", "owner": "me"})

	scanning := must(client.PutImageScanningConfiguration(ctx, &ecr.PutImageScanningConfigurationInput{
		RepositoryName:             aws.String("sdk/three"),
		ImageScanningConfiguration: &types.ImageScanningConfiguration{ScanOnPush: false},
	}))
	equal("scan on push", scanning.ImageScanningConfiguration.ScanOnPush, false)
	mutability := must(client.PutImageTagMutability(ctx, &ecr.PutImageTagMutabilityInput{
		RepositoryName:     aws.String("sdk/app"),
		ImageTagMutability: types.ImageTagMutabilityImmutable,
	}))
	equal("mutability", mutability.ImageTagMutability, types.ImageTagMutabilityImmutable)
}

// end deletes what the journey began with.
func end(ctx context.Context, client *ecr.Client) {
	remove := func(force bool) (*ecr.DeleteRepositoryOutput, error) {
		return client.DeleteRepository(ctx, &ecr.DeleteRepositoryInput{RepositoryName: aws.String("sdk/app"), Force: force})
	}
	refused[*types.RepositoryNotEmptyException](remove(false))
	equal("deleted", *must(remove(true)).Repository.RepositoryName, "sdk/app")
	refused[*types.RepositoryNotFoundException](remove(true))
}
