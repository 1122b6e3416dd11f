// The journey of ../README.md with the AWS SDK for Go v2. It ends with 0, or says what is wrong.
package main

import (
	"context"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
)

var (
	account = os.Getenv("ECR_JOURNEY_ACCOUNT")
	region  = os.Getenv("AWS_REGION")
)

func main() {
	ctx := context.Background()
	// Endpoint, key and region come from the environment.
	settings := must(config.LoadDefaultConfig(ctx))
	client := ecr.NewFromConfig(settings)
	ireland := ecr.NewFromConfig(settings, func(options *ecr.Options) { options.Region = "eu-west-1" })

	repositories(ctx, client)
	layers(ctx, client)
	images(ctx, client)
	policies(ctx, client)
	scans(ctx, client)
	signingIsSet(ctx, client)
	replication(ctx, client, ireland)
	signingIsDone(ctx, client)
	cacheRules(ctx, client)
	templates(ctx, client)
	settingsOfTheRegistry(ctx, client)
	end(ctx, client)
}
