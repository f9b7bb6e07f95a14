// Package objects stores the bytes of pictures in MinIO or any other S3 server, as two objects for each picture:
// KEY/full.jpg and KEY/thumb.jpg. Beside them are uploads: photos as clients sent them, until they have become pictures. It uses
// plain PUT, GET, DELETE and ListObjectsV2 only.
package objects

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"snaptask/functions/internal/config"
	"snaptask/functions/internal/dial"
	"snaptask/functions/internal/fault"
	"snaptask/functions/telemetry"
)

// Config locates the bucket. All but PublicURL and Timeout are required.
type Config struct {
	Endpoint  string // http://host:port or https://host:port
	Region    string // us-east-1 for MinIO, unless it is configured otherwise
	Bucket    string
	AccessKey string
	SecretKey string
	PublicURL string        // where clients reach the server; if empty, they send uploads to the web server, which forwards them
	Timeout   time.Duration // how long one call may take, retries included; 5 s when 0
}

// sizes are the objects of a picture.
var sizes = [...]Size{Full, Thumb}

// attempts is how often minio-go sends a request that fails in transit or with a 5xx.
const attempts = 2

// Store is a bucket of pictures. It is safe for concurrent use.
type Store struct {
	client     *minio.Core
	presigner  *minio.Core // signs for the host to which uploads are sent
	sameOrigin bool        // clients send uploads to the web server
	bucket     string
	timeout    time.Duration
}

// Open returns a Store with the settings S3_ENDPOINT, S3_REGION, S3_BUCKET, S3_TIMEOUT and OBJECTS_PUBLIC_URL and the secrets
// s3-access-key and s3-secret-key, or with S3_ACCOUNT=read the secrets s3-access-key-read and s3-secret-key-read. It dials nothing;
// c collects the problems.
func Open(c *config.Reader) *Store {
	account := c.Text("S3_ACCOUNT", "")
	s, err := New(Config{
		Endpoint:  c.URL("S3_ENDPOINT", "http://minio.snaptask:9000"),
		Region:    c.Text("S3_REGION", "us-east-1"),
		Bucket:    c.Text("S3_BUCKET", "snaptask"),
		AccessKey: c.SecretOf("s3-access-key", account),
		SecretKey: c.SecretOf("s3-secret-key", account),
		PublicURL: c.Text("OBJECTS_PUBLIC_URL", ""),
		Timeout:   c.Duration("S3_TIMEOUT", 8*time.Second, time.Millisecond),
	})
	if err != nil && c.Err() == nil { // else c has the cause
		c.Fail("S3_ENDPOINT or OBJECTS_PUBLIC_URL", "%w", err)
	}
	return s
}

// New checks c and returns a Store. It dials nothing. The error is for the operator.
func New(c Config) (*Store, error) {
	if c.Region == "" || c.Bucket == "" || c.AccessKey == "" || c.SecretKey == "" {
		return nil, errors.New("object store: region, bucket, access key and secret key are required")
	}
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Second
	}
	client, err := newClient(c, c.Endpoint)
	if err != nil {
		return nil, err
	}
	s := &Store{client: client, presigner: client, sameOrigin: c.PublicURL == "", bucket: c.Bucket, timeout: c.Timeout}
	if !s.sameOrigin {
		if s.presigner, err = newClient(c, c.PublicURL); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// newClient returns a client of the server at address.
func newClient(c Config, address string) (*minio.Core, error) {
	endpoint, err := url.Parse(address)
	if err != nil || endpoint.Host == "" || endpoint.Scheme != "http" && endpoint.Scheme != "https" ||
		endpoint.Path != "" && endpoint.Path != "/" {
		return nil, fmt.Errorf("object store: %q is not of the form http://host:port or https://host:port", address)
	}
	client, err := minio.NewCore(endpoint.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(c.AccessKey, c.SecretKey, ""),
		Secure: endpoint.Scheme == "https",
		// With both set, minio-go sends no request of its own before the first call.
		Region:       c.Region,
		BucketLookup: minio.BucketLookupPath,
		MaxRetries:   attempts,
		Transport: telemetry.Transport(telemetry.Objects, &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           dial.Again((&net.Dialer{Timeout: c.Timeout / attempts}).DialContext),
			TLSHandshakeTimeout:   c.Timeout,
			ResponseHeaderTimeout: c.Timeout,
			MaxIdleConnsPerHost:   64,
			IdleConnTimeout:       time.Minute,
			DisableCompression:    true,
		}),
	})
	if err != nil {
		return nil, fmt.Errorf("object store: %w", err)
	}
	return client, nil
}

// both runs do for the two objects of a picture concurrently, within the timeout of one call.
func (s *Store) both(ctx context.Context, do func(ctx context.Context, size Size) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var errs [len(sizes)]error
	var calls sync.WaitGroup
	for i, size := range sizes {
		calls.Go(func() { errs[i] = do(ctx, size) })
	}
	calls.Wait()
	return errors.Join(errs[:]...)
}

// unavailable returns the fault of every failed call, whatever the cause: the client can only try again, and the log has the
// cause.
func unavailable(what string, cause error) error {
	return fault.Unreachable("The picture store", fmt.Errorf("%s: %w", what, cause))
}

// missing reports whether the server answered that there is no such object.
func missing(err error) bool {
	return minio.ToErrorResponse(err).Code == minio.NoSuchKey
}
