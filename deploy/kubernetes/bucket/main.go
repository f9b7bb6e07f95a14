// Command bucket creates the bucket for images and the functions' account, which may only read, write, list and delete its
// objects. It can be run again at any time.
//
//	bucket [-wait 5m]
//
// S3_ENDPOINT (http://minio:9000), S3_REGION (us-east-1) and S3_BUCKET (snaptask) name the bucket. SECRETS_DIR
// (/var/openfaas/secrets) holds minio-root-user and minio-root-password, and the account's s3-access-key and s3-secret-key.
// It needs MinIO, since the S3 API has no call that creates accounts.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
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
	timeout := flags.Duration("wait", 0, "how long to wait for the server")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	s, account, err := settings()
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
	if err := s.makeAccount(ctx, account, bucket); err != nil {
		return fmt.Errorf("account of the functions: %w", err)
	}
	fmt.Println("the functions' account may use the objects in", bucket)
	return nil
}

// credentials identify an account.
type credentials struct{ access, secret string }

func settings() (server, credentials, error) {
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
	account := credentials{secret("s3-access-key"), secret("s3-secret-key")}
	if root.access != "" && root.access == account.access {
		problems = append(problems, errors.New("s3-access-key: must differ from that of root"))
	}
	s := server{endpoint, cmp.Or(os.Getenv("S3_REGION"), "us-east-1"), root}
	return s, account, errors.Join(problems...)
}

// pause is the time between two attempts to reach the server.
const pause = time.Second
