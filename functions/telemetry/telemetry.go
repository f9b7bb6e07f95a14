// Package telemetry measures where the time of a call goes, for its log line, for Prometheus, and for a trace.
//
// Start begins a call, and Call.End ends it. In between, Begin measures a part of it, such as the work of the database, for all three:
//
//	ctx, end := telemetry.Begin(ctx, telemetry.Database, "database")
//	defer func() { end(err) }()
//
// Transport does the same for each request of an HTTP client. Step and Continue add only spans: of a detail of a part, and of work that
// belongs to an earlier trace.
//
// Traces are those of OpenTelemetry, and off unless OTEL_EXPORTER_OTLP_ENDPOINT is set. While they are off, a span costs one look into
// the context.
package telemetry

import (
	"context"
	"errors"
	"net"
	"time"
)

// Part is a part of a call.
type Part int

const (
	Body       Part = iota // until the request's body has arrived
	Wait                   // for a turn, such as that of a user or the decoder
	Decode                 // reading the pixels of an image, or encoding them
	Database               // the database
	Objects                // the object store
	Classifier             // the classifier
	Send                   // until the client has read the response
	parts                  // how many there are
)

// names are those of the parts in labels, and with _ms appended in log lines.
var names = [parts]string{"body", "wait", "decode", "db", "objects", "classifier", "send"}

// dependencies are the parts that are calls of another server, with their names in metrics and traces.
var dependencies = map[Part]string{Database: "database", Objects: "objects", Classifier: "classifier"}

// Begin begins a part of the call to which ctx belongs. It returns the context for the part's work, and the function that ends it, whose
// argument is the error by which the part failed: only what the part itself is to blame for, so not that a task does not exist.
//
// Parts of one kind that run at the same time count once in the log line: they add no more than has passed.
func Begin(ctx context.Context, part Part, name string) (context.Context, func(error)) {
	begun := time.Now()
	call := callOf(ctx)
	call.begin(part, begun)
	ctx, endSpan := beginSpan(ctx, part, name, begun)
	return ctx, func(err error) {
		ended := time.Now()
		call.end(part, ended)
		result := outcomeOf(err)
		observe(part, result, ended.Sub(begun))
		endSpan(result, ended)
	}
}

// outcome is how a part ended, as in metrics.
type outcome int

const (
	ok        outcome = iota
	failed            // an error that the part reported
	timedOut          // no answer in time
	cancelled         // the caller gave up
	outcomes          // how many there are
)

var outcomeNames = [outcomes]string{"ok", "error", "timeout", "cancelled"}

func outcomeOf(err error) outcome {
	if err == nil {
		return ok
	}
	var network net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return timedOut
	case errors.Is(err, context.Canceled):
		return cancelled
	}
	return failed
}
