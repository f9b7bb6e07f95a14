// Command bucket creates the bucket for images, and accounts that may only do with its objects what they have to, and lets the server
// tell label-upload of uploads. It can be run again at any time.
//
//	bucket [-wait 5m]
//
// S3_ENDPOINT (http://minio:9000), S3_REGION (us-east-1) and S3_BUCKET (snaptask) name the bucket. SECRETS_DIR
// (/var/openfaas/secrets) holds minio-root-user and minio-root-password, and the keys of each account: s3-access-key and s3-secret-key
// are housekeeping's, s3-access-key-read and s3-secret-key-read those of functions with S3_ACCOUNT=read, and so on.
// It needs MinIO, since the S3 API has no call that creates accounts.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bucket:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bucket", flag.ContinueOnError)
	timeout := flags.Duration("wait", 0, "how long to wait for the server, and for its target of events")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	s, all, err := settings()
	if err != nil {
		return err
	}
	bucket := cmp.Or(os.Getenv("S3_BUCKET"), "snaptask")
	if err := s.wait(ctx, *timeout); err != nil {
		return err
	}
	created, err := s.makeBucket(ctx, bucket)
	if err != nil {
		return fmt.Errorf("bucket %s: %w", bucket, err)
	}
	if created {
		fmt.Println("created bucket", bucket)
	}
	for _, a := range all {
		if err := s.makeAccount(ctx, a, bucket); err != nil {
			return fmt.Errorf("account %s: %w", a.name, err)
		}
	}
	fmt.Println(len(all), "accounts may use the objects in", bucket)
	if err := s.sendEvents(ctx, bucket, *timeout); err != nil {
		return fmt.Errorf("events of %s: %w", bucket, err)
	}
	fmt.Println("events of uploads are sent to", webhook)
	return nil
}

// credentials identify an account.
type credentials struct{ access, secret string }

// account is one of those in actions.
type account struct {
	credentials
	name string
}

func settings() (server, []account, error) {
	var problems []error
	secret := func(name string) string {
		text, err := os.ReadFile(filepath.Join(cmp.Or(os.Getenv("SECRETS_DIR"), "/var/openfaas/secrets"), name))
		if value := strings.TrimSpace(string(text)); value != "" {
			return value
		}
		problems = append(problems, cmp.Or(err, errors.New("the secret "+name+" is empty")))
		return ""
	}
	endpoint, err := url.Parse(cmp.Or(os.Getenv("S3_ENDPOINT"), "http://minio:9000"))
	if err != nil || endpoint.Host == "" || endpoint.Scheme != "http" && endpoint.Scheme != "https" {
		problems = append(problems, errors.New("S3_ENDPOINT: must be http://HOST:PORT or https://HOST:PORT"))
	}
	root := credentials{secret("minio-root-user"), secret("minio-root-password")}
	var all []account
	for _, name := range slices.Sorted(maps.Keys(actions)) {
		suffix := ""
		if name != "housekeeping" {
			suffix = "-" + name
		}
		a := account{credentials{secret("s3-access-key" + suffix), secret("s3-secret-key" + suffix)}, name}
		if root.access != "" && root.access == a.access {
			problems = append(problems, fmt.Errorf("s3-access-key%s: must differ from that of root", suffix))
		}
		all = append(all, a)
	}
	s := server{endpoint, cmp.Or(os.Getenv("S3_REGION"), "us-east-1"), root}
	return s, all, errors.Join(problems...)
}

// pause is the time between two attempts to reach the server.
const pause = time.Second
