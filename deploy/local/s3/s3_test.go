package s3

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"

	"snaptask/deploy/local/port"
	"snaptask/deploy/local/process"
)

// TestMain makes the test binary run the mode "s3" as package main does.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "s3" {
		ctx, cancel := process.Lifetime()
		defer cancel()
		os.Exit(process.ExitCode(Serve(ctx)))
	}
	os.Exit(m.Run())
}

// started returns a server that runs until the test ends.
func started(t *testing.T) (Server, *process.Child) {
	t.Helper()
	return startedWith(t, "")
}

// startedWith returns a server that posts its events to a URL.
func startedWith(t *testing.T, eventURL string) (Server, *process.Child) {
	t.Helper()
	number, err := port.Free()
	require.NoError(t, err)
	server := Server{
		Dir: t.TempDir(), Port: number, AccessKey: "access", SecretKey: "secret-secret", EventURL: eventURL,
	}
	for name := range Permissions {
		server.Users = append(server.Users, User{Name: name, AccessKey: "key-" + name, SecretKey: "secret-of-" + name})
	}
	spec := server.Process(os.Args[0])
	spec.Log, err = process.NewLog(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	child := process.Start(spec, func(text string) { t.Log(text) })
	t.Cleanup(child.Stop)
	require.NoError(t, child.Wait(t.Context()))
	return server, child
}

func TestObjectsSurviveAKill(t *testing.T) {
	t.Parallel()
	server, child := started(t)

	require.NoError(t, server.MakeBucket(t.Context(), "bucket"))
	require.NoError(t, server.MakeBucket(t.Context(), "bucket"), "the bucket exists")
	client, err := minio.New(server.Address(), &minio.Options{Creds: credentials.NewStaticV4("access", "secret-secret", ""), Region: Region})
	require.NoError(t, err)
	content := bytes.Repeat([]byte("picture"), 1000)
	_, err = client.PutObject(t.Context(), "bucket", "a/b.jpg", bytes.NewReader(content), int64(len(content)), minio.PutObjectOptions{ContentType: "image/jpeg"})
	require.NoError(t, err)
	_, err = client.CopyObject(t.Context(), minio.CopyDestOptions{Bucket: "bucket", Object: "c.jpg"}, minio.CopySrcOptions{Bucket: "bucket", Object: "a/b.jpg"})
	require.NoError(t, err)

	before := child.PID()
	require.NoError(t, syscall.Kill(before, syscall.SIGKILL))
	require.Eventually(t, func() bool { return child.PID() != 0 && child.PID() != before }, 3*time.Second, 5*time.Millisecond)
	require.NoError(t, child.Wait(t.Context()))
	for _, key := range []string{"a/b.jpg", "c.jpg"} {
		object, err := client.GetObject(t.Context(), "bucket", key, minio.GetObjectOptions{})
		require.NoError(t, err)
		got, err := io.ReadAll(object)
		require.NoError(t, err)
		require.Equal(t, content, got)
		info, err := object.Stat()
		require.NoError(t, err)
		require.Equal(t, "image/jpeg", info.ContentType)
	}
}

func TestWrongKeysAreRefused(t *testing.T) {
	t.Parallel()
	server, _ := started(t)
	server.SecretKey = "another-secret"
	require.Error(t, server.MakeBucket(t.Context(), "bucket"))
}

func TestExistingSidecarStaysInUse(t *testing.T) {
	t.Parallel()
	objects, sidecar := t.TempDir(), t.TempDir()
	var options posix.PosixOpts
	storer, err := metadata(objects, sidecar, &options)
	require.NoError(t, err)
	require.IsType(t, meta.SideCar{}, storer)
	require.Equal(t, sidecar, options.SideCarDir)
}

func TestServeNeedsItsEnvironment(t *testing.T) {
	require.ErrorContains(t, Serve(t.Context()), envDir)
}

func TestUsersMayOnlyDoWhatTheyNeed(t *testing.T) {
	t.Parallel()
	server, _ := started(t)
	require.NoError(t, server.MakeBucket(t.Context(), "bucket"))

	as := func(access, secret string) *minio.Client {
		client, err := minio.New(server.Address(), &minio.Options{Creds: credentials.NewStaticV4(access, secret, ""), Region: Region})
		require.NoError(t, err)
		return client
	}
	administrator := as("access", "secret-secret")
	require.NoError(t, administrator.MakeBucket(t.Context(), "another", minio.MakeBucketOptions{Region: Region}))
	put := func(client *minio.Client, bucket, key string) error {
		_, err := client.PutObject(t.Context(), bucket, key, bytes.NewReader([]byte("picture")), 7, minio.PutObjectOptions{})
		return err
	}
	keys := []string{"a.jpg", "uploads/a.jpg"}
	for _, key := range keys {
		require.NoError(t, put(administrator, "bucket", key))
		require.NoError(t, put(administrator, "another", key))
	}

	for name, permission := range Permissions {
		user := as("key-"+name, "secret-of-"+name)
		for action, do := range map[string]func(bucket, key string) error{
			"s3:GetObject": func(bucket, key string) error {
				_, err := user.StatObject(t.Context(), bucket, key, minio.StatObjectOptions{})
				return err
			},
			"s3:PutObject": func(bucket, key string) error { return put(user, bucket, key) },
			"s3:DeleteObject": func(bucket, key string) error {
				return user.RemoveObject(t.Context(), bucket, "other-"+key, minio.RemoveObjectOptions{})
			},
			"s3:ListBucket": func(bucket, _ string) error {
				for object := range user.ListObjects(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true}) {
					return object.Err
				}
				return nil
			},
		} {
			for _, key := range keys {
				permitted := slices.Contains(permission.Actions, action) && strings.HasPrefix(key, permission.Prefix)
				require.Equal(t, permitted, do("bucket", key) == nil, "%s: %s %s", name, action, key)
				require.Error(t, do("another", key), "%s: %s elsewhere", name, action)
			}
		}
		for what, err := range map[string]error{
			"makes a bucket":     user.MakeBucket(t.Context(), "third", minio.MakeBucketOptions{Region: Region}),
			"removes its bucket": user.RemoveBucket(t.Context(), "bucket"),
			"changes its policy": user.SetBucketPolicy(t.Context(), "bucket", ""),
			"has a wrong key":    put(as("key-"+name, "another-secret"), "bucket", "uploads/a.jpg"),
		} {
			require.Error(t, err, "%s: %s", name, what)
		}
	}
	require.Error(t, put(as("stranger", "secret-secret"), "bucket", "a.jpg"))
}

func TestStoredObjectsArePostedAsEvents(t *testing.T) {
	t.Parallel()
	type post struct{ user, password, contentType, body string }
	posts := make(chan post, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		user, password, _ := r.BasicAuth()
		posts <- post{user, password, r.Header.Get("Content-Type"), string(body)}
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(receiver.Close)
	server, child := startedWith(t, strings.Replace(receiver.URL, "http://", "http://events:the-token@", 1)+"/async-function/label-upload")
	require.NoError(t, server.MakeBucket(t.Context(), "bucket"))
	require.Contains(t, (<-posts).body, "s3:TestEvent")

	client, err := minio.New(server.Address(), &minio.Options{Creds: credentials.NewStaticV4("access", "secret-secret", ""), Region: Region})
	require.NoError(t, err)
	_, err = client.PutObject(t.Context(), "bucket", "uploads/a/b/c", bytes.NewReader([]byte("picture")), 7, minio.PutObjectOptions{})
	require.NoError(t, err)
	require.NoError(t, client.RemoveObject(t.Context(), "bucket", "uploads/a/b/c", minio.RemoveObjectOptions{}))
	_, err = client.PutObject(t.Context(), "bucket", "last", bytes.NewReader(nil), 0, minio.PutObjectOptions{})
	require.NoError(t, err)

	var keys []string
	for range 2 {
		got := <-posts
		require.Equal(t, "events", got.user)
		require.Equal(t, "the-token", got.password)
		require.Equal(t, "application/json; charset=utf-8", got.contentType)
		var event struct {
			Records []struct {
				EventName string
				S3        struct{ Object struct{ Key string } }
			}
		}
		require.NoError(t, json.Unmarshal([]byte(got.body), &event))
		require.Len(t, event.Records, 1)
		require.Equal(t, "s3:ObjectCreated:Put", event.Records[0].EventName)
		keys = append(keys, event.Records[0].S3.Object.Key)
	}
	require.ElementsMatch(t, []string{"uploads/a/b/c", "last"}, keys, "removed objects are not posted")
	lines, _ := child.Log().After(0)
	for _, line := range lines {
		require.NotContains(t, line.Text, "the-token")
	}
}

func TestObjectIsPutWhileTheLastOneInItsFolderIsDeleted(t *testing.T) {
	t.Parallel()
	server, _ := started(t)
	require.NoError(t, server.MakeBucket(t.Context(), "bucket"))
	client, err := minio.New(server.Address(), &minio.Options{Creds: credentials.NewStaticV4("access", "secret-secret", ""), Region: Region})
	require.NoError(t, err)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			key := fmt.Sprintf("uploads/user/task/%d", i)
			for range 50 {
				_, err := client.PutObject(t.Context(), "bucket", key, bytes.NewReader([]byte("picture")), 7, minio.PutObjectOptions{})
				if !assert.NoError(t, err) {
					return
				}
				assert.NoError(t, client.RemoveObject(t.Context(), "bucket", key, minio.RemoveObjectOptions{}))
			}
		})
	}
	group.Wait()
	_, err = client.PutObject(t.Context(), "bucket", "uploads/user/fails/1", bytes.NewReader([]byte("picture")), 7, minio.PutObjectOptions{
		UserMetadata: map[string]string{"x-amz-checksum-crc32": "AAAAAA=="}, // of other bytes
	})
	require.Error(t, err)
	_, err = client.PutObject(t.Context(), "another", "a/b", bytes.NewReader([]byte("picture")), 7, minio.PutObjectOptions{})
	require.Error(t, err)
	require.NoDirExists(t, filepath.Join(server.Dir, "objects", "another"))
	for object := range client.ListObjects(t.Context(), "bucket", minio.ListObjectsOptions{Recursive: true}) {
		require.Fail(t, "an object is left", "%+v", object)
	}
	left, err := os.ReadDir(filepath.Join(server.Dir, "objects", "bucket"))
	require.NoError(t, err)
	for _, entry := range left {
		require.NotEqual(t, "uploads", entry.Name(), "its folders are removed")
	}
}

func TestFolderIsHeldUntilItIsReleased(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	f := folders{objects: root}
	folder := filepath.Join(dir, "bucket", "a", "b")

	f.hold("bucket", "a/b")(true)
	require.NoDirExists(t, filepath.Join(dir, "bucket"), "no bucket is created")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "bucket"), 0o700))
	release := f.hold("bucket", "a/b")
	require.Error(t, os.Remove(folder))
	release(false)
	require.DirExists(t, folder)
	other := f.hold("bucket", "a/c")
	f.hold("bucket", "a/b")(true)
	require.NoDirExists(t, folder)
	require.DirExists(t, filepath.Join(dir, "bucket", "a", "c"))
	other(true)
	require.NoDirExists(t, filepath.Join(dir, "bucket", "a"))
	require.DirExists(t, filepath.Join(dir, "bucket"))
	f.hold("bucket", "../a")(false)
	f.hold("bucket", "../../a")(false)
	require.NoDirExists(t, filepath.Join(dir, "..", "a"))
}
