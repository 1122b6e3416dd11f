package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

func layers(ctx context.Context, client *ecr.Client) {
	upload := uploaded(ctx, client, "sdk/app", layerFirst, layerLast)
	equal("the digest", *must(upload.complete(ctx, digest(layer))).LayerDigest, digest(layer))
	must(uploaded(ctx, client, "sdk/app", configuration).complete(ctx, digest(configuration)))
	again := uploaded(ctx, client, "sdk/app", configuration)
	refused[*types.LayerAlreadyExistsException](again.complete(ctx, digest(configuration)))

	gap := uploaded(ctx, client, "sdk/app", layerLast)
	invalid := refused[*types.InvalidLayerPartException](gap.part(ctx, 2_000, layerLast))
	equal("the last valid byte", *invalid.LastValidByteReceived, 999)

	there := must(client.BatchCheckLayerAvailability(ctx, &ecr.BatchCheckLayerAvailabilityInput{
		RepositoryName: aws.String("sdk/app"),
		LayerDigests:   []string{digest(layer), none},
	})).Layers
	equal("layers", len(there), 2)
	equal("the first", there[0].LayerAvailability, types.LayerAvailabilityAvailable)
	equal("its size", *there[0].LayerSize, 5_243_880)
	equal("the second", there[1].LayerAvailability, types.LayerAvailabilityUnavailable)
}

// layerUpload is an upload under way.
type layerUpload struct {
	client         *ecr.Client
	repository, id *string
}

// uploaded begins an upload and sends its parts.
func uploaded(ctx context.Context, client *ecr.Client, repository string, parts ...[]byte) layerUpload {
	begun := must(client.InitiateLayerUpload(ctx, &ecr.InitiateLayerUploadInput{RepositoryName: &repository}))
	equal("a part size", *begun.PartSize > 0, true)
	upload := layerUpload{client, &repository, begun.UploadId}
	sent := 0
	for _, part := range parts {
		received := must(upload.part(ctx, sent, part))
		sent += len(part)
		equal("the last byte", *received.LastByteReceived, int64(sent-1))
	}
	return upload
}

func (upload layerUpload) part(ctx context.Context, first int, part []byte) (*ecr.UploadLayerPartOutput, error) {
	return upload.client.UploadLayerPart(ctx, &ecr.UploadLayerPartInput{
		RepositoryName: upload.repository,
		UploadId:       upload.id,
		PartFirstByte:  aws.Int64(int64(first)),
		PartLastByte:   aws.Int64(int64(first + len(part) - 1)),
		LayerPartBlob:  part,
	})
}

func (upload layerUpload) complete(ctx context.Context, digest string) (*ecr.CompleteLayerUploadOutput, error) {
	return upload.client.CompleteLayerUpload(ctx, &ecr.CompleteLayerUploadInput{
		RepositoryName: upload.repository,
		UploadId:       upload.id,
		LayerDigests:   []string{digest},
	})
}
