package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

func policies(ctx context.Context, client *ecr.Client) {
	app := aws.String("sdk/app")
	must(client.SetRepositoryPolicy(ctx, &ecr.SetRepositoryPolicyInput{
		RepositoryName: app,
		PolicyText:     aws.String(allowing("ecr:BatchGetImage", "")),
	}))
	policy := must(client.GetRepositoryPolicy(ctx, &ecr.GetRepositoryPolicyInput{RepositoryName: app}))
	equal("the action", allowed(*policy.PolicyText), "ecr:BatchGetImage")
	must(client.DeleteRepositoryPolicy(ctx, &ecr.DeleteRepositoryPolicyInput{RepositoryName: app}))
	refused[*types.RepositoryPolicyNotFoundException](client.GetRepositoryPolicy(ctx, &ecr.GetRepositoryPolicyInput{
		RepositoryName: app,
	}))

	everything := "arn:aws:ecr:" + region + ":" + account + ":repository/*"
	must(client.PutRegistryPolicy(ctx, &ecr.PutRegistryPolicyInput{
		PolicyText: aws.String(allowing("ecr:ReplicateImage", everything)),
	}))
	registry := must(client.GetRegistryPolicy(ctx, &ecr.GetRegistryPolicyInput{}))
	equal("the action", allowed(*registry.PolicyText), "ecr:ReplicateImage")
	must(client.DeleteRegistryPolicy(ctx, &ecr.DeleteRegistryPolicyInput{}))
	refused[*types.RegistryPolicyNotFoundException](client.GetRegistryPolicy(ctx, &ecr.GetRegistryPolicyInput{}))

	lifecycle(ctx, client)
}

func lifecycle(ctx context.Context, client *ecr.Client) {
	base := aws.String("seed/base")
	text := `{"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":1},` +
		`"action":{"type":"expire"}}]}`
	must(client.PutLifecyclePolicy(ctx, &ecr.PutLifecyclePolicyInput{RepositoryName: base, LifecyclePolicyText: &text}))
	policy := must(client.GetLifecyclePolicy(ctx, &ecr.GetLifecyclePolicyInput{RepositoryName: base}))
	equal("the policy", *policy.LifecyclePolicyText, text)
	equal("a time of its evaluation", policy.LastEvaluatedAt != nil, true)

	preview := must(client.StartLifecyclePolicyPreview(ctx, &ecr.StartLifecyclePolicyPreviewInput{RepositoryName: base}))
	equal("the preview", preview.Status, types.LifecyclePolicyPreviewStatusInProgress)
	waiter := ecr.NewLifecyclePolicyPreviewCompleteWaiter(client, func(options *ecr.LifecyclePolicyPreviewCompleteWaiterOptions) {
		options.MinDelay, options.MaxDelay = 10*time.Millisecond, time.Second
	})
	if err := waiter.Wait(ctx, &ecr.GetLifecyclePolicyPreviewInput{RepositoryName: base}, time.Minute); err != nil {
		panic(err)
	}
	found := pages(ctx, ecr.NewGetLifecyclePolicyPreviewPaginator(client, &ecr.GetLifecyclePolicyPreviewInput{
		RepositoryName: base,
		MaxResults:     aws.Int32(1),
	}))
	equal("pages", len(found), 2)
	equal("the summary", *found[0].Summary.ExpiringImageTotalCount, 2)
	results := within(found, func(page *ecr.GetLifecyclePolicyPreviewOutput) []types.LifecyclePolicyPreviewResult {
		return page.PreviewResults
	})
	tags := each(results, func(result types.LifecyclePolicyPreviewResult) string { return result.ImageTags[0] })
	equal("what expires", tags, []string{"one", "two"})
	equal("pushed at", results[0].ImagePushedAt.UTC(), time.Date(2029, time.June, 1, 12, 30, 15, 500_000_000, time.UTC))
	refused[*types.LifecyclePolicyPreviewNotFoundException](client.GetLifecyclePolicyPreview(ctx, &ecr.GetLifecyclePolicyPreviewInput{
		RepositoryName: aws.String("sdk/two"),
	}))

	must(client.DeleteLifecyclePolicy(ctx, &ecr.DeleteLifecyclePolicyInput{RepositoryName: base}))
	refused[*types.LifecyclePolicyNotFoundException](client.GetLifecyclePolicy(ctx, &ecr.GetLifecyclePolicyInput{
		RepositoryName: base,
	}))
}

type policy struct {
	Version   string
	Statement []statement
}

type statement struct {
	Sid, Effect string
	Principal   any
	Action      any
	Resource    any `json:",omitempty"`
}

// allowing is a policy that lets another account do something, on a resource if there is one.
func allowing(action, resource string) string {
	one := statement{Sid: "journey", Effect: "Allow", Principal: map[string]string{"AWS": "arn:aws:iam::999988887777:root"}, Action: action}
	if resource != "" {
		one.Resource = resource
	}
	return string(must(json.Marshal(policy{"2012-10-17", []statement{one}})))
}

// allowed is the action of such a policy.
func allowed(text string) any {
	var one policy
	if err := json.Unmarshal([]byte(text), &one); err != nil {
		panic(err)
	}
	return one.Statement[0].Action
}
