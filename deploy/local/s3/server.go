package s3

import (
	"context"
	"encoding/json"
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
	AccessKey string // the administrator's
	SecretKey string
	User      User
}

// User may read, write, list and delete objects in the buckets that MakeBucket makes, and nothing else.
type User struct {
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
		envUserAccess + "=" + s.User.AccessKey,
		envUserSecret + "=" + s.User.SecretKey,
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

// MakeBucket makes the bucket, unless it is there, and lets the user use its objects.
func (s Server) MakeBucket(ctx context.Context, name string) error {
	client, err := minio.New(s.Address(), &minio.Options{
		Creds:  credentials.NewStaticV4(s.AccessKey, s.SecretKey, ""),
		Region: Region,
	})
	if err != nil {
		return err
	}
	exists, err := client.BucketExists(ctx, name)
	if err != nil {
		return err
	}
	if !exists {
		if err := client.MakeBucket(ctx, name, minio.MakeBucketOptions{Region: Region}); err != nil {
			return err
		}
	}
	if s.User.AccessKey == "" {
		return nil
	}
	policy, err := json.Marshal(s.User.policy(name))
	if err != nil {
		return err
	}
	return client.SetBucketPolicy(ctx, name, string(policy))
}

// policy allows the user what the functions do with objects.
func (u User) policy(bucket string) any {
	type statement struct {
		Effect    string
		Principal map[string]string
		Action    []string
		Resource  string
	}
	who := map[string]string{"AWS": u.AccessKey}
	return struct {
		Version   string
		Statement []statement
	}{"2012-10-17", []statement{
		{"Allow", who, []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}, "arn:aws:s3:::" + bucket + "/*"},
		{"Allow", who, []string{"s3:ListBucket"}, "arn:aws:s3:::" + bucket},
	}}
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
