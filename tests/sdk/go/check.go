package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
)

// began is where the world's clock stands at first.
var began = time.Date(2030, time.January, 2, 3, 4, 5, 0, time.UTC)

// must answers what a call answered. Here and below a panic ends the journey: its trace shows the step.
func must[T any](answer T, err error) T {
	if err != nil {
		panic(err)
	}
	return answer
}

// refused answers the exception of a call, which must be of this type.
func refused[E error](_ any, err error) E {
	var exception E
	if !errors.As(err, &exception) {
		panic(fmt.Sprintf("expected %T, got %v", exception, err))
	}
	return exception
}

// equal compares deeply.
func equal[T any](what string, got, want T) {
	if !reflect.DeepEqual(got, want) {
		panic(fmt.Sprintf("%s is %v, not %v", what, got, want))
	}
}

// isNow wants a time within the minute in which the journey takes place.
func isNow(what string, at *time.Time) {
	if at == nil || at.Before(began) || at.Sub(began) >= time.Minute {
		panic(fmt.Sprintf("%s is %v, which is not now", what, at))
	}
}

// paginator is what all paginators of the SDK have in common.
type paginator[Page any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*ecr.Options)) (Page, error)
}

// pages follows a paginator to its end.
func pages[Page any](ctx context.Context, paginator paginator[Page]) []Page {
	var all []Page
	for paginator.HasMorePages() {
		all = append(all, must(paginator.NextPage(ctx)))
	}
	return all
}

// each maps a slice.
func each[T, U any](items []T, one func(T) U) []U {
	var all []U
	for _, item := range items {
		all = append(all, one(item))
	}
	return all
}

// within joins the items of pages.
func within[Page, T any](pages []Page, items func(Page) []T) []T {
	var all []T
	for _, page := range pages {
		all = append(all, items(page)...)
	}
	return all
}
