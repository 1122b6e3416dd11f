package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

func images(ctx context.Context, client *ecr.Client) {
	app := aws.String("sdk/app")
	put := func(tag *string, manifest string) (*ecr.PutImageOutput, error) {
		return client.PutImage(ctx, &ecr.PutImageInput{RepositoryName: app, ImageManifest: &manifest, ImageTag: tag})
	}
	for _, tag := range []string{"v1", "v2", "v3"} {
		image := must(put(&tag, manifestOf(tag).text())).Image
		equal("the digest", *image.ImageId.ImageDigest, digest([]byte(manifestOf(tag).text())))
	}
	first := manifestOf("v1").text()
	refused[*types.ImageAlreadyExistsException](put(aws.String("v1"), first))
	refused[*types.ImageTagAlreadyExistsException](put(aws.String("v1"), manifestOf("other").text()))
	refused[*types.LayersNotFoundException](put(aws.String("v9"), manifestOver("v9", none, 1).text()))

	var signatures []string
	for _, name := range []string{"first", "second"} {
		signature := must(put(nil, signatureOf(first, name).text())).Image
		signatures = append(signatures, *signature.ImageId.ImageDigest)
	}
	equal("referrers", referrers(ctx, client, digest([]byte(first))), slices.Sorted(slices.Values(signatures)))

	lists := pages(ctx, ecr.NewListImagesPaginator(client, &ecr.ListImagesInput{
		RepositoryName: app,
		Filter:         &types.ListImagesFilter{TagStatus: types.TagStatusTagged},
		MaxResults:     aws.Int32(2),
	}))
	equal("pages", len(lists), 2)
	ids := within(lists, func(page *ecr.ListImagesOutput) []types.ImageIdentifier { return page.ImageIds })
	tags := each(ids, func(id types.ImageIdentifier) string { return *id.ImageTag })
	equal("tags", slices.Sorted(slices.Values(tags)), []string{"v1", "v2", "v3"})

	details := pages(ctx, ecr.NewDescribeImagesPaginator(client, &ecr.DescribeImagesInput{
		RepositoryName: app,
		MaxResults:     aws.Int32(2),
	}))
	equal("pages", len(details), 3)
	all := within(details, func(page *ecr.DescribeImagesOutput) []types.ImageDetail { return page.ImageDetails })
	equal("images", len(all), 5)
	at := slices.IndexFunc(all, func(image types.ImageDetail) bool { return slices.Contains(image.ImageTags, "v1") })
	equal("its size", *all[at].ImageSizeInBytes, int64(len(layer)+len(configuration)))
	isNow("pushed at", all[at].ImagePushedAt)
	refused[*types.ImageNotFoundException](client.DescribeImages(ctx, &ecr.DescribeImagesInput{
		RepositoryName: app,
		ImageIds:       []types.ImageIdentifier{*tagged("absent")},
	}))

	got := must(client.BatchGetImage(ctx, &ecr.BatchGetImageInput{
		RepositoryName: app,
		ImageIds:       []types.ImageIdentifier{*tagged("v1"), *tagged("absent")},
	}))
	equal("images", len(got.Images), 1)
	equal("the manifest", *got.Images[0].ImageManifest, first)
	equal("failures", len(got.Failures), 1)
	equal("the failure", got.Failures[0].FailureCode, types.ImageFailureCodeImageNotFound)

	download := func(digest string) (*ecr.GetDownloadUrlForLayerOutput, error) {
		return client.GetDownloadUrlForLayer(ctx, &ecr.GetDownloadUrlForLayerInput{RepositoryName: app, LayerDigest: &digest})
	}
	url := *must(download(digest(layer))).DownloadUrl
	equal("the layer", bytes.Equal(fetch(must(http.NewRequest(http.MethodGet, url, nil))), layer), true)
	refused[*types.LayersNotFoundException](download(none))

	archive(ctx, client)

	deleted := must(client.BatchDeleteImage(ctx, &ecr.BatchDeleteImageInput{
		RepositoryName: app,
		ImageIds:       []types.ImageIdentifier{*tagged("v3"), *tagged("absent")},
	}))
	equal("deleted", len(deleted.ImageIds), 1)
	equal("failures", len(deleted.Failures), 1)
	equal("the failure", deleted.Failures[0].FailureCode, types.ImageFailureCodeImageNotFound)

	login(ctx, client)
}

// referrers follows the tokens of ListImageReferrers by hand, in pages of one. Answers digests in order.
func referrers(ctx context.Context, client *ecr.Client, subject string) []string {
	var digests []string
	input := &ecr.ListImageReferrersInput{
		RepositoryName: aws.String("sdk/app"),
		SubjectId:      &types.SubjectIdentifier{ImageDigest: &subject},
		MaxResults:     aws.Int32(1),
	}
	for count := 1; ; count++ {
		page := must(client.ListImageReferrers(ctx, input))
		for _, referrer := range page.Referrers {
			equal("its type", *referrer.ArtifactType, "application/vnd.journey.signature")
			digests = append(digests, *referrer.Digest)
		}
		if page.NextToken == nil {
			equal("pages", count, 2)
			slices.Sort(digests)
			return digests
		}
		input.NextToken = page.NextToken
	}
}

// archive sends an image to the archive and back.
func archive(ctx context.Context, client *ecr.Client) {
	app := aws.String("sdk/app")
	move := func(class types.TargetStorageClass) types.ImageStatus {
		return must(client.UpdateImageStorageClass(ctx, &ecr.UpdateImageStorageClassInput{
			RepositoryName:     app,
			ImageId:            tagged("v3"),
			TargetStorageClass: class,
		})).ImageStatus
	}
	equal("its status", move(types.TargetStorageClassArchive), types.ImageStatusArchived)
	archived := must(client.DescribeImages(ctx, &ecr.DescribeImagesInput{
		RepositoryName: app,
		Filter:         &types.DescribeImagesFilter{ImageStatus: types.ImageStatusFilterArchived},
	})).ImageDetails
	equal("archived images", len(archived), 1)
	equal("its tags", archived[0].ImageTags, []string{"v3"})
	isNow("archived at", archived[0].LastArchivedAt)
	equal("its status", move(types.TargetStorageClassStandard), types.ImageStatusActivating)
}

// login asks for a token and goes to the registry with it.
func login(ctx context.Context, client *ecr.Client) {
	data := must(client.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})).AuthorizationData[0]
	decoded := string(must(base64.StdEncoding.DecodeString(*data.AuthorizationToken)))
	equal("a password of AWS", strings.HasPrefix(decoded, "AWS:") && len(decoded) > len("AWS:"), true)
	isNow("issued at", aws.Time(data.ExpiresAt.Add(-12*time.Hour)))
	request := must(http.NewRequest(http.MethodGet, *data.ProxyEndpoint+"/v2/", nil))
	request.Header.Set("Authorization", "Basic "+*data.AuthorizationToken)
	fetch(request)
}

// fetch answers a body of status 200.
func fetch(request *http.Request) []byte {
	response := must(http.DefaultClient.Do(request))
	defer response.Body.Close()
	equal("the status of "+request.URL.String(), response.StatusCode, http.StatusOK)
	return must(io.ReadAll(response.Body))
}
