//go:build linux

// Command bench compares Snaptask with the Flask design that it replaces, and with the database and the functions' HTTP
// server alone, all on this machine and over loopback. It prints a table that shows which targets are met, and writes
// result.json and chart.svg. It needs Linux: CPU times and memory come from /proc.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"snaptask/deploy/local/process"
	"snaptask/deploy/local/s3"
	"snaptask/deploy/local/state"
	"snaptask/functions/serve"
)

// kept is the folder with the results of make and of former runs.
const kept = ".snaptask/bench"

type options struct {
	results     string // folder of result.json and chart.svg
	duration    time.Duration
	repetitions int
	quick       bool
	only        []string // names of cases; empty for all
}

func main() {
	ctx, cancel := process.Lifetime()
	defer cancel()
	context.AfterFunc(ctx, cancel) // a second Ctrl-C ends the process immediately
	log.SetFlags(log.Ltime)
	log.SetOutput(os.Stdout)
	err := command(ctx, os.Args[1:])
	if exit := process.Exit(0); err != nil && !errors.As(err, &exit) {
		fmt.Fprintln(os.Stderr, "bench: "+err.Error())
	}
	os.Exit(process.ExitCode(err))
}

// command runs the benchmark, or one of its child processes.
func command(ctx context.Context, args []string) error {
	switch {
	case len(args) == 1 && args[0] == "s3":
		return s3.Serve(ctx)
	case len(args) > 1 && args[0] == "wrap":
		return process.Foreground(ctx, os.Environ(), args[1], args[2:]...)
	case len(args) == 1 && args[0] == trivialName:
		serve.Main(trivialName, serve.Function{Handle: trivial})
		return nil
	}
	var names []string
	for _, c := range cases {
		names = append(names, c.name)
	}
	var o options
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	flags.BoolVar(&o.quick, "quick", false, "short repetitions, without the cases that take long")
	flags.DurationVar(&o.duration, "duration", 0, "of one repetition (default 3s; 700ms with -quick)")
	flags.IntVar(&o.repetitions, "repetitions", 0, "of each measurement (default 5; 3 with -quick)")
	flags.Func("only", "`names` of the cases to run, separated by commas: "+strings.Join(names, ", "), func(text string) error {
		o.only = strings.Split(text, ",")
		for _, name := range o.only {
			if !slices.Contains(names, name) {
				return fmt.Errorf("no case %q; choose from %s", name, strings.Join(names, ", "))
			}
		}
		return nil
	})
	flags.StringVar(&o.results, "results", filepath.Join(kept, "results"), "`folder` for result.json and chart.svg")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.quick {
		o.duration, o.repetitions = cmp.Or(o.duration, 700*time.Millisecond), cmp.Or(o.repetitions, 3)
	}
	o.duration, o.repetitions = cmp.Or(o.duration, 3*time.Second), cmp.Or(o.repetitions, 5)
	if flags.NArg() > 0 || o.duration < 100*time.Millisecond || o.repetitions < 1 {
		return errors.New("no arguments are allowed besides flags, -duration must be at least 100ms and -repetitions at least 1; see -help")
	}
	return run(ctx, o)
}

// failure is an error that ends the run. A benchmark can't continue after any error, so check and must panic with it and run
// returns it.
type failure struct{ error }

func check(err error) {
	if err != nil {
		panic(failure{err})
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

// run starts the servers, measures the chosen cases, and prints and writes the result.
func run(ctx context.Context, o options) (err error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	defer func() {
		switch f := recover().(type) {
		case nil:
		case failure:
			// If the context ended, by Ctrl-C or because a server died, everything else is a consequence.
			err = cmp.Or(context.Cause(ctx), f.error)
		default:
			panic(f)
		}
	}()
	root := must(os.Getwd())
	b := &bench{options: o, ctx: ctx, fail: fail, root: root, kept: filepath.Join(root, kept), programs: map[string]*program{}}
	defer must(state.Open(b.kept)).Close()
	b.folder = filepath.Join(b.kept, "run")
	defer b.close()
	b.startServers()
	r := &result{Machine: b.describe(), Repetitions: o.repetitions, Seconds: o.duration.Seconds()}
	for _, c := range cases {
		if slices.Contains(o.only, c.name) || len(o.only) == 0 && (c.quick || !o.quick) {
			log.Printf("measuring %s: %s", c.name, c.title)
			r.Cases = append(r.Cases, b.measure(c))
			check(ctx.Err())
		}
	}
	fmt.Print("\n", r.table())
	r.write(o.results)
	fmt.Printf("\nwritten to %s: result.json and chart.svg\n", o.results)
	return nil
}
