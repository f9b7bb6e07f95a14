// Command images builds every image of Snaptask without Docker or faas-cli: programs with `go build`, packed into archives that
// `docker load`, `ctr images import`, `minikube image load` and `crane push` read. The web app must have been built.
package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("images", flag.ContinueOnError)
	repository := flags.String("repository", ".", "folder of the project")
	out := flags.String("out", ".snaptask/images", "folder for the archives NAME.tar")
	prefix := flags.String("prefix", "snaptask", "images are named PREFIX/NAME:TAG")
	tag := flags.String("tag", "dev", "images are named PREFIX/NAME:TAG; also the version in their labels")
	revision := flags.String("revision", "unknown", "the commit in their labels")
	architecture := flags.String("arch", runtime.GOARCH, "GOARCH of the machines that run them")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if _, err := os.Stat(certificates); err != nil {
		fmt.Fprintf(os.Stderr, "%s is missing: programs in these images will not trust any server's certificate\n", certificates)
	}
	images, err := list(*repository)
	if err != nil {
		return err
	}
	top, err := filepath.Abs(*repository)
	if err != nil {
		return err
	}
	b := builder{top, *architecture, *tag, *revision}
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return err
	}
	names := flags.Args()
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(images))
	}
	for _, image := range names {
		if images[image].Module == "" {
			return fmt.Errorf("there is no image %s", image)
		}
		start := time.Now()
		full, err := name.NewTag(*prefix + "/" + image + ":" + *tag)
		if err != nil {
			return err
		}
		packed, err := b.build(ctx, images[image])
		if err == nil {
			err = tarball.WriteToFile(filepath.Join(*out, image+".tar"), full, packed)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", image, err)
		}
		fmt.Printf("%-50s %6.1f s\n", full, time.Since(start).Seconds())
	}
	return nil
}
