package main

import (
	"context"
	"slices"
	"time"
)

// The contenders, as the table and the chart call them.
const (
	flaskName    = "Flask"
	gunicornName = "Flask, gunicorn 2 x 4"
	ourName      = "Snaptask"
	databaseName = "database alone"
	serverName   = "server alone"
)

// contender is one who does a case's work.
type contender struct {
	name    string
	program *program // whose CPU and memory count; nil for the bare loop, which is in this process
	// prepare makes ready, unmeasured, for a repetition of about n calls, and gives a script for each client.
	prepare func(ctx context.Context, n int) ([]script, error)
}

// claim is a ratio that counts, and what it is to be.
type claim struct {
	of, to  string // contenders
	what    string // rate, time or cpu
	atLeast float64
	atMost  float64
}

// benchCase is one kind of work.
type benchCase struct {
	name   string // for -only
	title  string
	quick  bool // part of -quick
	needs  []string
	start  func(ctx context.Context, s *scene, p *people) ([]contender, error)
	claims []claim
}

// Whatever is measured of the functions get-tasks, create-task, delete-task and predict-image.
var cases = []benchCase{
	{
		name: "get-20", title: "get-tasks, 20 tasks, 16 clients", quick: true, needs: []string{"get-tasks"}, start: listing("twenty", 20, "/"),
		claims: []claim{
			{of: ourName, to: flaskName, what: rate, atLeast: 20},
			{of: ourName, to: gunicornName, what: rate, atLeast: 12},
			{of: ourName, to: databaseName, what: rate, atLeast: 0.6},
		},
	},
	{
		name: "get-1000", title: "get-tasks, 1,000 tasks, 16 clients", quick: true, needs: []string{"get-tasks"},
		start: listing("thousand", 1000, "/?limit=1000"),
		claims: []claim{
			{of: ourName, to: flaskName, what: rate, atLeast: 15},
			{of: ourName, to: gunicornName, what: rate, atLeast: 10},
		},
	},
	{
		name: "create", title: "create-task, durable, 16 clients", quick: true, needs: []string{"create-task"}, start: creating,
		claims: []claim{
			{of: ourName, to: flaskName, what: rate, atLeast: 12},
			{of: ourName, to: gunicornName, what: rate, atLeast: 5},
		},
	},
	{
		name: "delete", title: "delete-task, durable, 16 clients", quick: true, needs: []string{"delete-task"}, start: deleting,
		claims: []claim{
			{of: ourName, to: flaskName, what: rate, atLeast: 12},
			{of: ourName, to: gunicornName, what: rate, atLeast: 5},
		},
	},
	{
		name: "predict-1024", title: "predict-image, photo of 1024 px, 1 client, model answers at once", quick: true,
		needs: []string{"predict-image"}, start: predicting(small),
		claims: []claim{
			{of: ourName, to: flaskName, what: latency, atMost: 1.0 / 15},
			{of: ourName, to: flaskName, what: effort, atMost: 1.0 / 15},
		},
	},
	{
		name: "predict-12mp", title: "predict-image, photo of 12 megapixels, 1 client, model answers at once", quick: true,
		needs: []string{"predict-image"}, start: predicting(large),
		claims: []claim{
			{of: ourName, to: flaskName, what: latency, atMost: 0.45},
			{of: ourName, to: flaskName, what: effort, atMost: 0.45},
		},
	},
}

func caseNames() []string {
	var names []string
	for _, c := range cases {
		names = append(names, c.name)
	}
	return names
}

func contains(names []string, name string) bool { return slices.Contains(names, name) }

// What a claim compares.
const (
	rate    = "calls a second"
	latency = "median time"
	effort  = "CPU a call"
)

// warming is the part of a repetition's duration for which a contender is warmed up before its first.
const warming = 3

// warmUp is how long that is.
func warmUp(duration time.Duration) time.Duration { return duration / warming }
