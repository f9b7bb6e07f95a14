// Command chaos uses the whole application as several people do, kills its servers and functions at random while they
// work, and then compares everything that was acknowledged with what the application says. All of it stays on this
// machine, on a state folder of its own that goes with the run.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// options are what a run can be told.
type options struct {
	program string        // of the application
	photos  string        // folder of pictures to attach
	load    time.Duration // for which people work and processes are killed
	seed    uint64        // of all that is random: who does what when, and what is killed when
}

func main() {
	var o options
	seconds := flag.Int("seconds", 120, "how long people work, in seconds")
	flag.Uint64Var(&o.seed, "seed", 0, "of all choices; 0 takes one from the clock")
	flag.StringVar(&o.program, "program", ".snaptask/bin/snaptask", "the application")
	flag.StringVar(&o.photos, "photos", "webapp/e2e/photos", "folder of pictures")
	flag.Parse()
	o.load = time.Duration(*seconds) * time.Second
	if o.seed == 0 {
		o.seed = uint64(time.Now().UnixMilli())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	found, err := run(ctx, o)
	stop()
	if found != nil {
		fmt.Print(found)
	}
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	case len(found.Violations()) > 0:
		os.Exit(1)
	}
}
