// Command bench measures Snaptask beside the design it replaces, and beside what the database and a bare server can do
// at most, all on this machine and on loopback only. It prints one table with the ratios that count, and writes it as
// JSON and as a chart.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"snaptask/deploy/local/process"
	"snaptask/deploy/local/s3"
	"snaptask/functions/serve"
)

// options are what a run can be told.
type options struct {
	state       string        // folder for everything that is built or kept, and below which the run works
	results     string        // folder for the result
	duration    time.Duration // of one repetition
	repetitions int
	quick       bool
	only        []string // cases by their names; all if empty
}

func main() {
	ctx, cancel := process.Lifetime()
	defer cancel()
	err := command(ctx, cancel, os.Args[1:])
	if err != nil && ctx.Err() != nil {
		err = errors.New("interrupted; everything it started has ended")
	}
	if exit := process.Exit(0); err != nil && !errors.As(err, &exit) {
		fmt.Fprintln(os.Stderr, "bench: "+err.Error())
	}
	os.Exit(process.ExitCode(err))
}

// command runs the benchmark or, for the children it starts, one of the modes that they are.
func command(ctx context.Context, cancel func(), args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "s3":
			return s3.Serve(ctx)
		case "keep":
			return process.Keep(ctx, args[1], args[2:]...)
		case "stub":
			return serveStub(ctx)
		case "trivial":
			serve.Main("trivial", trivial)
			return nil
		}
	}
	var o options
	var only string
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	flags.BoolVar(&o.quick, "quick", false, "short repetitions, and not the cases that take long")
	flags.DurationVar(&o.duration, "duration", 0, "of one repetition; 3s, or 700ms with -quick, if not given")
	flags.IntVar(&o.repetitions, "repetitions", 0, "of each measurement; 5, or 3 with -quick, if not given")
	flags.StringVar(&only, "only", "", "names of the cases to run, separated by commas: "+strings.Join(caseNames(), ", "))
	flags.StringVar(&o.state, "state", ".snaptask", "folder for what is built")
	flags.StringVar(&o.results, "results", "", "folder for result.json and chart.svg; bench/results below the state folder if not given")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("there is no %q; bench -help lists what there is", flags.Arg(0))
	}
	if err := o.complete(only); err != nil {
		return err
	}
	context.AfterFunc(ctx, cancel) // so that a second Ctrl-C ends the process at once
	return run(ctx, o)
}

// complete fills in what was not given, and refuses what can't be.
func (o *options) complete(only string) error {
	if only != "" {
		o.only = strings.Split(only, ",")
	}
	known := strings.Join(caseNames(), ", ")
	for _, name := range o.only {
		if !slices.Contains(caseNames(), name) {
			return fmt.Errorf("there is no case %q; there are %s", name, known)
		}
	}
	o.results = cmp.Or(o.results, filepath.Join(o.state, "bench", "results"))
	duration, repetitions := 3*time.Second, 5
	if o.quick {
		duration, repetitions = 700*time.Millisecond, 3
	}
	if o.duration == 0 {
		o.duration = duration
	}
	if o.repetitions == 0 {
		o.repetitions = repetitions
	}
	if o.duration < 100*time.Millisecond || o.duration > time.Minute || o.repetitions < 1 || o.repetitions > 100 {
		return errors.New("a repetition takes from 100ms to 1m, and there are from 1 to 100 of them")
	}
	return nil
}
