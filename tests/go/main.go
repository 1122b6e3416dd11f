// A test against ecr-fixture on nothing but generated stubs: a world, a seed, a fault, an advance, a verdict.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"

	pb "ecrfixture.test/control/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/durationpb"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
func main() {
	conn := must(grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials())))
	ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+os.Args[2])
	w := must(pb.NewWorldsServiceClient(conn).CreateWorld(ctx, &pb.CreateWorldRequest{})).World
	must(pb.NewStateServiceClient(conn).Apply(ctx, &pb.ApplyRequest{World: w.Name, Documents: []*pb.Document{{Kind: &pb.Document_Repository{Repository: &pb.RepositoryDocument{Name: "app"}}}}}))
	must(pb.NewFaultsServiceClient(conn).ApplyRules(ctx, &pb.ApplyRulesRequest{World: w.Name, Text: "on ecr:ListImages do for 10m status(503)"}))
	claim := "AWS4-HMAC-SHA256 Credential=" + w.Connection.Credentials[0].AccessKeyId + "/20260101/us-east-1/ecr/aws4_request, SignedHeaders=host, Signature=00"
	call := func() int {
		request := must(http.NewRequest("POST", w.Connection.Endpoint, strings.NewReader(`{"repositoryName": "app"}`)))
		request.Header = http.Header{"X-Amz-Target": {"AmazonEC2ContainerRegistry_V20150921.ListImages"}, "Authorization": {claim}}
		return must(http.DefaultClient.Do(request)).StatusCode
	}
	before, two := call(), uint64(2)
	must(pb.NewClockServiceClient(conn).Advance(ctx, &pb.AdvanceRequest{World: w.Name, Target: &pb.AdvanceRequest_By{By: &durationpb.Duration{Seconds: 600}}}))
	calls := []*pb.Expectation{{Form: &pb.Expectation_Count{Count: &pb.CountExpectation{Matcher: &pb.Matcher{Text: "ecr:ListImages"}, Min: &two, Max: &two}}}}
	fmt.Println(before, call(), must(pb.NewAssertsServiceClient(conn).Verify(ctx, &pb.VerifyRequest{World: w.Name, Expectations: calls})).Verdict)
}
