package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/minio/minio-go/v7"
	login "github.com/minio/minio-go/v7/pkg/credentials"
)

// server is a MinIO server with its administrator's credentials.
type server struct {
	endpoint *url.URL
	region   string
	root     credentials
}

func (s server) client() (*minio.Client, error) {
	return minio.New(s.endpoint.Host, &minio.Options{
		Creds:        login.NewStaticV4(s.root.access, s.root.secret, ""),
		Secure:       s.endpoint.Scheme == "https",
		Region:       s.region,
		BucketLookup: minio.BucketLookupPath,
		MaxRetries:   1,
	})
}

// wait returns when the server accepts the administrator's requests. It returns an error after the timeout, or immediately if
// the server refuses the credentials.
func (s server) wait(ctx context.Context, timeout time.Duration) error {
	client, err := s.client()
	if err != nil {
		return err
	}
	deadline := time.Now().Add(timeout)
	for {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		_, err := client.ListBuckets(attempt)
		cancel()
		if err == nil || ctx.Err() != nil || refused(err) {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s can't be reached within %s: %w", s.endpoint, timeout, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// refused reports whether the server answered with a 4xx status.
func refused(err error) bool {
	if unreachable := net.Error(nil); errors.As(err, &unreachable) {
		return false
	}
	status := minio.ToErrorResponse(err).StatusCode
	return status >= 400 && status < 500
}

// makeBucket creates the bucket unless it exists.
func (s server) makeBucket(ctx context.Context, name string) (created bool, err error) {
	client, err := s.client()
	if err != nil {
		return false, err
	}
	exists, err := client.BucketExists(ctx, name)
	if err != nil || exists {
		return false, err
	}
	err = client.MakeBucket(ctx, name, minio.MakeBucketOptions{Region: s.region})
	if code := minio.ToErrorResponse(err).Code; code == "BucketAlreadyOwnedByYou" {
		return false, nil // created by a concurrent run
	}
	return err == nil, err
}

// makeAccount creates the account with its access to the bucket. An existing account of this name gets the secret and the policy.
func (s server) makeAccount(ctx context.Context, account account, bucket string) error {
	policy, err := json.Marshal(policyFor(account.name, bucket))
	if err != nil {
		return err
	}
	name := bucket + "-" + account.name
	if err := s.administer(ctx, "add-canned-policy", url.Values{"name": {name}}, policy); err != nil {
		return err
	}
	user, err := json.Marshal(struct {
		SecretKey string `json:"secretKey"`
		Status    string `json:"status"`
	}{account.secret, "enabled"})
	if err != nil {
		return err
	}
	sealed, err := seal(s.root.secret, user)
	if err != nil {
		return err
	}
	if err := s.administer(ctx, "add-user", url.Values{"accessKey": {account.access}}, sealed); err != nil {
		return err
	}
	return s.administer(ctx, "set-user-or-group-policy",
		url.Values{"policyName": {name}, "userOrGroup": {account.access}, "isGroup": {"false"}}, nil)
}

type statement struct {
	Effect   string
	Action   []string
	Resource []string
}

type policy struct {
	Version   string
	Statement []statement
}

// actions are what each account may do; a function uses the account that S3_ACCOUNT in stack.yml names. deploy/local/s3 has the
// same for `make run`.
var actions = map[string][]string{
	"read":         {"s3:GetObject"},
	"write":        {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"},
	"delete":       {"s3:DeleteObject"},
	"upload":       {"s3:PutObject"}, // of uploads only
	"housekeeping": {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"},
}

// policyFor allows an account its actions.
func policyFor(account, bucket string) policy {
	p := policy{Version: "2012-10-17"}
	for _, action := range actions[account] {
		resource := "arn:aws:s3:::" + bucket
		switch {
		case account == "upload":
			resource += "/" + uploads + "*"
		case action != "s3:ListBucket":
			resource += "/*"
		}
		p.Statement = append(p.Statement, statement{"Allow", []string{action}, []string{resource}})
	}
	return p
}
