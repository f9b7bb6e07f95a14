// Command images makes every image of Snaptask without Docker or faas-cli: it does what they do with stack.yml, the template and
// the Dockerfiles, and writes each image to a file that `docker load`, `ctr images import`, `minikube image load` and `crane
// push` read. It runs the Dockerfiles' steps on this machine, so it wants Go and the Vue app built.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

func main() {
	repository := flag.String("repository", ".", "the project's folder")
	out := flag.String("out", ".snaptask/images", "folder for the files, NAME.tar each")
	prefix := flag.String("prefix", "snaptask", "images are named PREFIX/NAME:TAG")
	tag := flag.String("tag", "dev", "images are named PREFIX/NAME:TAG; also the version in their labels")
	revision := flag.String("revision", "unknown", "the commit in their labels")
	architecture := flag.String("arch", runtime.GOARCH, "of the machines that shall run them")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := write(ctx, *repository, *out, *prefix, *tag, *revision, *architecture, flag.Args())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(1)
	}
}

// write makes the named images, or all, and writes them to out.
func write(ctx context.Context, repository, out, prefix, tag, revision, architecture string, names []string) error {
	if _, err := os.Stat(certificates); err != nil {
		fmt.Fprintf(os.Stderr, "there is no %s here: programs of these images will trust no server's certificate\n", certificates)
	}
	scratch, err := os.MkdirTemp("", "snaptask-images-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	b, err := newBuilder(repository, scratch, "linux", architecture, tag, revision)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	if len(names) == 0 {
		names = b.names()
	}
	for _, name := range names {
		begun := time.Now()
		i, err := b.build(ctx, name)
		if err != nil {
			return err
		}
		path, named := filepath.Join(out, name+".tar"), fmt.Sprintf("%s/%s:%s", prefix, name, tag)
		if err := b.archive(i, named, path); err != nil {
			return fmt.Errorf("%s: %w", named, err)
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		fmt.Printf("%-50s %5.1f MB %6.1f s\n", named, float64(info.Size())/1e6, time.Since(begun).Seconds())
	}
	return nil
}
