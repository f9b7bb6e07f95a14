package s3

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
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
	Users     []User // of the buckets that MakeBucket creates
	EventURL  string // where to post an event for each object that is stored, with a user and a password; "" for none
	Browsers  bool   // whether pages of other servers may send requests to this one
}

// User is an account that may only do what Permissions has for it.
type User struct {
	Name      string // of Permissions
	AccessKey string
	SecretKey string
}

// Permission allows an account Actions on the objects whose keys start with Prefix.
type Permission struct {
	Actions []string
	Prefix  string
}

// Permissions are what each account may do. A function uses the account that S3_ACCOUNT in stack.yml names; housekeeping has one of
// its own. deploy/kubernetes/bucket has the same for MinIO.
var Permissions = map[string]Permission{
	"read":         {Actions: []string{"s3:GetObject"}},
	"write":        {Actions: []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}},
	"delete":       {Actions: []string{"s3:DeleteObject"}},
	"upload":       {Actions: []string{"s3:PutObject"}, Prefix: "uploads/"},
	"housekeeping": {Actions: []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"}},
}

// Address returns HOST:PORT.
func (s Server) Address() string { return fmt.Sprintf("127.0.0.1:%d", s.Port) }

// Endpoint returns the URL for clients.
func (s Server) Endpoint() string { return "http://" + s.Address() }

// MakeBucket creates the bucket, unless it exists, and permits the users to use its objects.
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
	if len(s.Users) == 0 {
		return nil
	}
	policy, err := json.Marshal(s.policy(name))
	if err != nil {
		return err
	}
	return client.SetBucketPolicy(ctx, name, string(policy))
}

// policy permits each user its actions.
func (s Server) policy(bucket string) any {
	type statement struct {
		Effect    string
		Principal map[string]string
		Action    string
		Resource  string
	}
	var all []statement
	for _, u := range s.Users {
		permission := Permissions[u.Name]
		for _, action := range permission.Actions {
			resource := "arn:aws:s3:::" + bucket
			if action != "s3:ListBucket" {
				resource += "/" + permission.Prefix + "*"
			}
			all = append(all, statement{"Allow", map[string]string{"AWS": u.AccessKey}, action, resource})
		}
	}
	return struct {
		Version   string
		Statement []statement
	}{"2012-10-17", all}
}

// Process returns how to run the server: as `program s3`.
func (s Server) Process(program string) process.Spec {
	var users []string
	for _, u := range s.Users {
		users = append(users, u.AccessKey+":"+u.SecretKey)
	}
	origins := ""
	if s.Browsers {
		origins = "*" // as MinIO's
	}
	return process.Spec{
		Name: "s3",
		Path: program,
		Args: []string{"s3"},
		Env: []string{
			envDir + "=" + s.Dir, envPort + "=" + strconv.Itoa(s.Port),
			envAccess + "=" + s.AccessKey, envSecret + "=" + s.SecretKey,
			envUsers + "=" + strings.Join(users, " "), envEvents + "=" + s.EventURL, envOrigins + "=" + origins,
		},
		Check:       process.CheckURL(s.Endpoint() + healthPath),
		StopTimeout: 10 * time.Second,
	}
}
