//go:build linux

package main

// The contenders' names in the table and the chart.
const (
	flaskName    = "Flask"
	gunicornName = "Flask, gunicorn 2 x 4"
	ourName      = "Snaptask"
	databaseName = "database alone"
	serverName   = "server alone"

	// Those of the case page name the tables that the same function reads.
	pageFew      = "100 tasks in the table"
	pageOthers   = "100, and 110,000 of others"
	pageMany     = "10,000, and 100,100 of others"
	pageVeryMany = "100,000, and 10,100 of others"
)

// clients is the default number of concurrent clients.
const clients = 16

// benchCase is a case of the benchmark: it measures contenders under load, other figures, or both.
type benchCase struct {
	name       string // for -only
	title      string
	quick      bool // part of -quick
	contenders func(*bench) []contender
	targets    []target
	figures    func(*bench, []contenderResult) []figure
}

// target is a bound for the ratio of two contenders.
type target struct {
	of, to  string
	what    string  // rate, latency or effort
	atLeast float64 // 0 for no bound
	atMost  float64 // 0 for no bound
}

// The measures that a target can compare.
const (
	rate    = "calls a second"
	latency = "median time"
	effort  = "CPU a call"
)

var cases = []benchCase{
	{
		name: "get-20", title: "get-tasks, 20 tasks, 16 clients", quick: true, contenders: listing("twenty", 20, "/"),
		targets: []target{{ourName, flaskName, rate, 20, 0}, {ourName, gunicornName, rate, 12, 0}, {ourName, databaseName, rate, 0.6, 0}},
	},
	{
		name: "get-1000", title: "get-tasks, 1,000 tasks, 16 clients", quick: true, contenders: listing("thousand", 1000, "/?limit=1000"),
		targets: []target{{ourName, flaskName, rate, 15, 0}, {ourName, gunicornName, rate, 10, 0}},
	},
	{
		name: "create", title: "create-task, durable commits, 16 clients", quick: true, contenders: creating,
		targets: []target{{ourName, flaskName, rate, 12, 0}, {ourName, gunicornName, rate, 5, 0}},
	},
	{
		name: "delete", title: "delete-task, durable commits, 16 clients", quick: true, contenders: deleting,
		targets: []target{{ourName, flaskName, rate, 12, 0}, {ourName, gunicornName, rate, 5, 0}},
	},
	{
		name: "predict-1024", title: "predict-image, photo of 1024 px, 1 client", quick: true, contenders: predicting(smallPhoto),
		targets: []target{{ourName, flaskName, latency, 0, 1.0 / 15}, {ourName, flaskName, effort, 0, 1.0 / 15}}, figures: besideTheModel,
	},
	{
		name: "predict-12mp", title: "predict-image, photo of 12 megapixels, 1 client", quick: true, contenders: predicting(largePhoto),
		targets: []target{{ourName, flaskName, latency, 0, 0.45}, {ourName, flaskName, effort, 0, 0.45}},
	},
	{name: "event", title: "a photo by event and directly, 1 client", figures: byEvent},
	{
		name: "page", title: "get-tasks, a page of 20, 1 client", contenders: paging,
		targets: []target{{pageOthers, pageFew, latency, 0, 1.3}, {pageMany, pageFew, latency, 0, 1.3}, {pageVeryMany, pageFew, latency, 0, 1.3}},
	},
	{
		name: "traces", title: "get-tasks, 20 tasks, 16 clients, with traces", quick: true, contenders: tracing,
		targets: []target{{tracesSome, tracesOff, effort, 0, 1.05}, {tracesAll, tracesOff, effort, 0, 0}},
	},
	{name: "start", title: "start: from exec to the first answer, the database being up", quick: true, figures: starting},
	{name: "crowd", title: "predict-image, 64 clients with photos of 12 megapixels", figures: crowding},
	{name: "idle", title: "memory when idle, and size of the program", figures: idling},
}
