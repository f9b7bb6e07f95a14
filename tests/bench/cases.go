package main

import "context"

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

// benchCase is one thing to find out.
type benchCase struct {
	name  string // for -only
	title string
	quick bool     // part of -quick
	needs []string // the functions whose programs it takes
	run   func(ctx context.Context, b *bench, c benchCase) (caseResult, error)
}

var cases = []benchCase{
	{
		name: "get-20", title: "get-tasks, 20 tasks, 16 clients", quick: true, needs: []string{"get-tasks"},
		run: compete(listing("twenty", 20, "/"),
			claim{of: ourName, to: flaskName, what: rate, atLeast: 20},
			claim{of: ourName, to: gunicornName, what: rate, atLeast: 12},
			claim{of: ourName, to: databaseName, what: rate, atLeast: 0.6}),
	},
	{
		name: "get-1000", title: "get-tasks, 1,000 tasks, 16 clients", quick: true, needs: []string{"get-tasks"},
		run: compete(listing("thousand", 1000, "/?limit=1000"),
			claim{of: ourName, to: flaskName, what: rate, atLeast: 15},
			claim{of: ourName, to: gunicornName, what: rate, atLeast: 10}),
	},
	{
		name: "create", title: "create-task, durable commits, 16 clients", quick: true, needs: []string{"create-task"},
		run: compete(creating,
			claim{of: ourName, to: flaskName, what: rate, atLeast: 12},
			claim{of: ourName, to: gunicornName, what: rate, atLeast: 5}),
	},
	{
		name: "delete", title: "delete-task, durable commits, 16 clients", quick: true, needs: []string{"delete-task"},
		run: compete(deleting,
			claim{of: ourName, to: flaskName, what: rate, atLeast: 12},
			claim{of: ourName, to: gunicornName, what: rate, atLeast: 5}),
	},
	{
		name: "predict-1024", title: "predict-image, photo of 1024 px, 1 client", quick: true, needs: []string{"predict-image"},
		run: besideTheModel(compete(predicting(small),
			claim{of: ourName, to: flaskName, what: latency, atMost: 1.0 / 15},
			claim{of: ourName, to: flaskName, what: effort, atMost: 1.0 / 15})),
	},
	{
		name: "predict-12mp", title: "predict-image, photo of 12 megapixels, 1 client", quick: true, needs: []string{"predict-image"},
		run: compete(predicting(large),
			claim{of: ourName, to: flaskName, what: latency, atMost: 0.45},
			claim{of: ourName, to: flaskName, what: effort, atMost: 0.45}),
	},
	{
		name: "page", title: "get-tasks, a page of 20, 1 client", needs: []string{"get-tasks"},
		run: compete(paging,
			claim{of: pageOthers, to: pageFew, what: latency, atMost: 1.3},
			claim{of: pageMany, to: pageFew, what: latency, atMost: 1.3},
			claim{of: pageVeryMany, to: pageFew, what: latency, atMost: 1.3}),
	},
	{name: "start", title: "start: from exec to the first answer, the database being up", quick: true, needs: []string{"get-tasks", "predict-image"}, run: starting},
	{name: "crowd", title: "predict-image, 64 clients with photos of 12 megapixels", needs: []string{"predict-image"}, run: crowding},
	{name: "idle", title: "memory when idle, and size of the program", needs: functionNames, run: idling},
}

func caseNames() []string {
	var names []string
	for _, c := range cases {
		names = append(names, c.name)
	}
	return names
}

// functionNames are all functions.
var functionNames = []string{
	"change-password", "create-task", "delete-account", "delete-image", "delete-task", "get-image", "get-tasks", "login", "logout",
	"predict-image", "register", "update-task",
}

// What a claim compares.
const (
	rate    = "calls a second"
	latency = "median time"
	effort  = "CPU a call"
)
