package main

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

func cacheRules(ctx context.Context, client *ecr.Client) {
	secret := func(name string) *string {
		return aws.String("arn:aws:secretsmanager:" + region + ":" + account + ":secret:ecr-pullthroughcache/" + name + "-AbCdEf")
	}
	mirror := &ecr.CreatePullThroughCacheRuleInput{
		EcrRepositoryPrefix: aws.String("mirror"),
		UpstreamRegistryUrl: aws.String("mirror.test"),
	}
	isNow("created at", must(client.CreatePullThroughCacheRule(ctx, mirror)).CreatedAt)
	isNow("created at", must(client.CreatePullThroughCacheRule(ctx, &ecr.CreatePullThroughCacheRuleInput{
		EcrRepositoryPrefix: aws.String("quay"),
		UpstreamRegistryUrl: aws.String("quay.io"),
	})).CreatedAt)
	isNow("created at", must(client.CreatePullThroughCacheRule(ctx, &ecr.CreatePullThroughCacheRuleInput{
		EcrRepositoryPrefix: aws.String("hub"),
		UpstreamRegistryUrl: aws.String("registry-1.docker.io"),
		UpstreamRegistry:    types.UpstreamRegistryDockerHub,
		CredentialArn:       secret("hub"),
	})).CreatedAt)
	refused[*types.PullThroughCacheRuleAlreadyExistsException](client.CreatePullThroughCacheRule(ctx, mirror))

	found := pages(ctx, ecr.NewDescribePullThroughCacheRulesPaginator(client, &ecr.DescribePullThroughCacheRulesInput{
		MaxResults: aws.Int32(2),
	}))
	equal("pages", len(found), 2)
	rules := within(found, func(page *ecr.DescribePullThroughCacheRulesOutput) []types.PullThroughCacheRule {
		return page.PullThroughCacheRules
	})
	prefixes := each(rules, func(rule types.PullThroughCacheRule) string { return *rule.EcrRepositoryPrefix })
	equal("rules", slices.Sorted(slices.Values(prefixes)), []string{"hub", "mirror", "quay"})
	updated := must(client.UpdatePullThroughCacheRule(ctx, &ecr.UpdatePullThroughCacheRuleInput{
		EcrRepositoryPrefix: aws.String("hub"),
		CredentialArn:       secret("other"),
	}))
	equal("the credential", *updated.CredentialArn, *secret("other"))
	valid := must(client.ValidatePullThroughCacheRule(ctx, &ecr.ValidatePullThroughCacheRuleInput{
		EcrRepositoryPrefix: aws.String("mirror"),
	}))
	equal("valid", valid.IsValid, true)

	pulled := must(client.BatchGetImage(ctx, &ecr.BatchGetImageInput{
		RepositoryName: aws.String("mirror/team/base"),
		ImageIds:       []types.ImageIdentifier{*tagged("v1")},
	}))
	equal("images", len(pulled.Images), 1)
	quay := &ecr.DeletePullThroughCacheRuleInput{EcrRepositoryPrefix: aws.String("quay")}
	must(client.DeletePullThroughCacheRule(ctx, quay))
	refused[*types.PullThroughCacheRuleNotFoundException](client.DeletePullThroughCacheRule(ctx, quay))
}

func templates(ctx context.Context, client *ecr.Client) {
	create := func(prefix string) (*ecr.CreateRepositoryCreationTemplateOutput, error) {
		return client.CreateRepositoryCreationTemplate(ctx, &ecr.CreateRepositoryCreationTemplateInput{
			Prefix:     &prefix,
			AppliedFor: []types.RCTAppliedFor{types.RCTAppliedForCreateOnPush},
		})
	}
	for _, prefix := range []string{"one", "two", "ROOT"} {
		must(create(prefix))
	}
	refused[*types.TemplateAlreadyExistsException](create("one"))
	found := pages(ctx, ecr.NewDescribeRepositoryCreationTemplatesPaginator(client, &ecr.DescribeRepositoryCreationTemplatesInput{
		MaxResults: aws.Int32(2),
	}))
	equal("pages", len(found), 2)
	all := within(found, func(page *ecr.DescribeRepositoryCreationTemplatesOutput) []types.RepositoryCreationTemplate {
		return page.RepositoryCreationTemplates
	})
	equal("templates", len(all), 3)
	updated := must(client.UpdateRepositoryCreationTemplate(ctx, &ecr.UpdateRepositoryCreationTemplateInput{
		Prefix:             aws.String("one"),
		Description:        aws.String("journey"),
		ImageTagMutability: types.ImageTagMutabilityImmutable,
	})).RepositoryCreationTemplate
	equal("the description", *updated.Description, "journey")
	equal("mutability", updated.ImageTagMutability, types.ImageTagMutabilityImmutable)
	isNow("updated at", updated.UpdatedAt)
	one := &ecr.DeleteRepositoryCreationTemplateInput{Prefix: aws.String("one")}
	must(client.DeleteRepositoryCreationTemplate(ctx, one))
	refused[*types.TemplateNotFoundException](client.DeleteRepositoryCreationTemplate(ctx, one))
}

func settingsOfTheRegistry(ctx context.Context, client *ecr.Client) {
	mounting := aws.String("BLOB_MOUNTING")
	must(client.PutAccountSetting(ctx, &ecr.PutAccountSettingInput{Name: mounting, Value: aws.String("ENABLED")}))
	setting := must(client.GetAccountSetting(ctx, &ecr.GetAccountSettingInput{Name: mounting}))
	equal("the setting", *setting.Value, "ENABLED")

	a, b := "arn:aws:iam::"+account+":role/a", "arn:aws:iam::"+account+":role/b"
	register := func(principal string) (*ecr.RegisterPullTimeUpdateExclusionOutput, error) {
		return client.RegisterPullTimeUpdateExclusion(ctx, &ecr.RegisterPullTimeUpdateExclusionInput{PrincipalArn: &principal})
	}
	isNow("created at", must(register(a)).CreatedAt)
	isNow("created at", must(register(b)).CreatedAt)
	refused[*types.ExclusionAlreadyExistsException](register(a))

	var excluded []string
	input := &ecr.ListPullTimeUpdateExclusionsInput{MaxResults: aws.Int32(1)}
	for count := 1; ; count++ {
		page := must(client.ListPullTimeUpdateExclusions(ctx, input))
		excluded = append(excluded, page.PullTimeUpdateExclusions...)
		if page.NextToken == nil {
			equal("pages", count, 2)
			break
		}
		input.NextToken = page.NextToken
	}
	slices.Sort(excluded)
	equal("exclusions", excluded, []string{a, b})

	deregister := &ecr.DeregisterPullTimeUpdateExclusionInput{PrincipalArn: &a}
	must(client.DeregisterPullTimeUpdateExclusion(ctx, deregister))
	refused[*types.ExclusionNotFoundException](client.DeregisterPullTimeUpdateExclusion(ctx, deregister))
}
