package s3

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"snaptask/deploy/local/process"
)

// Server describes an object store.
type Server struct {
	Dir       string // of the objects
	Port      int    // on 127.0.0.1
	AccessKey string // of the administrator
	SecretKey string
	User      User
}

// User may read, write, list and delete objects in the buckets that MakeBucket creates, and nothing else.
type User struct {
	AccessKey string
	SecretKey string
}

// Address returns HOST:PORT.
func (s Server) Address() string { return fmt.Sprintf("127.0.0.1:%d", s.Port) }

// Endpoint returns the URL for clients.
func (s Server) Endpoint() string { return "http://" + s.Address() }

// MakeBucket creates the bucket, unless it exists, and permits the user to use its objects.
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

// policy permits what the functions do with objects.
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

// Process returns how to run the server: as `program s3`.
func (s Server) Process(program string) process.Spec {
	return process.Spec{
		Name: "s3",
		Path: program,
		Args: []string{"s3"},
		Env: []string{
			envDir + "=" + s.Dir, envPort + "=" + strconv.Itoa(s.Port),
			envAccess + "=" + s.AccessKey, envSecret + "=" + s.SecretKey,
			envUserAccess + "=" + s.User.AccessKey, envUserSecret + "=" + s.User.SecretKey,
		},
		Check:       process.CheckURL(s.Endpoint() + healthPath),
		StopTimeout: 10 * time.Second,
	}
}
