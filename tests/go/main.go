// A test against ecr-fixture on nothing but generated stubs: a world, a seed, a fault, an advance, a verdict.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "ecrfixture.test/control/v1"
)

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func main() {
	conn := must(grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials())))
	ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+os.Args[2])
	w := must(pb.NewWorldsServiceClient(conn).CreateWorld(ctx, &pb.CreateWorldRequest{})).World
	must(pb.NewStateServiceClient(conn).Apply(ctx, &pb.ApplyRequest{World: w.Name, Documents: []*pb.Document{{
		Kind: &pb.Document_Repository{Repository: &pb.RepositoryDocument{Name: "app"}}}}}))
	must(pb.NewFaultsServiceClient(conn).ApplyRules(ctx, &pb.ApplyRulesRequest{World: w.Name, Text: "on oci:ping do for 10m status(503)"}))
	request := must(http.NewRequest("GET", w.Connection.Endpoint+"/v2/", nil))
	request.Header.Set("x-fixture-world", w.Connection.WorldHeader)
	before := must(http.DefaultClient.Do(request)).StatusCode
	must(pb.NewClockServiceClient(conn).Advance(ctx, &pb.AdvanceRequest{World: w.Name, Target: &pb.AdvanceRequest_By{By: durationpb.New(10 * time.Minute)}}))
	after := must(http.DefaultClient.Do(request)).StatusCode
	two := uint64(2)
	verdict := must(pb.NewAssertsServiceClient(conn).Verify(ctx, &pb.VerifyRequest{World: w.Name, Expectations: []*pb.Expectation{{Form: &pb.Expectation_Count{
		Count: &pb.CountExpectation{Matcher: &pb.Matcher{Text: "oci:ping"}, Min: &two, Max: &two}}}}}))
	fmt.Println(before, after, verdict.Verdict)
}
