package s3

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"snaptask/deploy/local/process"
)

// Server is the object store as its clients and its parent see it.
type Server struct {
	Dir       string // holds the objects
	Port      int    // on 127.0.0.1
	AccessKey string
	SecretKey string
}

// env is the environment that Serve reads.
func (s Server) env() []string {
	return []string{
		envDir + "=" + s.Dir,
		envPort + "=" + strconv.Itoa(s.Port),
		envAccess + "=" + s.AccessKey,
		envSecret + "=" + s.SecretKey,
	}
}

// Address is HOST:PORT.
func (s Server) Address() string { return fmt.Sprintf("127.0.0.1:%d", s.Port) }

// Endpoint is the URL that clients use.
func (s Server) Endpoint() string { return "http://" + s.Address() }

// Check is nil when the server serves.
func (s Server) Check(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Endpoint()+healthPath, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", response.Status)
	}
	return nil
}

// MakeBucket makes the bucket unless it is there.
func (s Server) MakeBucket(ctx context.Context, name string) error {
	client, err := minio.New(s.Address(), &minio.Options{
		Creds:  credentials.NewStaticV4(s.AccessKey, s.SecretKey, ""),
		Region: Region,
	})
	if err != nil {
		return err
	}
	exists, err := client.BucketExists(ctx, name)
	if err != nil || exists {
		return err
	}
	return client.MakeBucket(ctx, name, minio.MakeBucketOptions{Region: Region})
}

// Process is how to run the server: as a mode of program.
func (s Server) Process(program string, log *process.Log) process.Spec {
	return process.Spec{
		Name:     "s3",
		Path:     program,
		Args:     []string{"s3"},
		Env:      s.env(),
		Log:      log,
		Check:    s.Check,
		Patience: 10 * time.Second,
	}
}
