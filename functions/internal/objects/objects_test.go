package objects

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"snaptask/functions/internal/dial"
	"snaptask/functions/internal/fault"
)

// server is the S3 server of the tests, with the name of a bucket that does not exist yet.
func server(t *testing.T) Config {
	t.Helper()
	c := Config{
		Endpoint: os.Getenv("TEST_S3_ENDPOINT"), AccessKey: os.Getenv("TEST_S3_ACCESS_KEY"), SecretKey: os.Getenv("TEST_S3_SECRET_KEY"),
		Region: "us-east-1", Bucket: "objects-" + uuid.NewString(),
	}
	require.NotEmpty(t, c.Endpoint, "TEST_S3_ENDPOINT is not set: run the tests with `make test`")
	return c
}

// fresh returns a store with a bucket of its own.
func fresh(t *testing.T) *Store {
	t.Helper()
	s, err := New(server(t))
	require.NoError(t, err)
	require.NoError(t, s.client.MakeBucket(t.Context(), s.bucket, minio.MakeBucketOptions{}))
	return s
}

func newKey() string { return NewKey(uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())) }

func TestPutGetDelete(t *testing.T) {
	t.Parallel()
	s, key := fresh(t), newKey()
	full, thumb := bytes.Repeat([]byte("full"), 500_000), []byte("thumb")
	require.NoError(t, s.Put(t.Context(), key, full, thumb))

	got, err := s.Get(t.Context(), key, Full)
	require.NoError(t, err)
	require.True(t, bytes.Equal(full, got))
	got, err = s.Get(t.Context(), key, Thumb)
	require.NoError(t, err)
	require.Equal(t, thumb, got)
	for _, object := range []string{key + "/full.jpg", key + "/thumb.jpg"} {
		info, err := s.client.StatObject(t.Context(), s.bucket, object, minio.StatObjectOptions{})
		require.NoError(t, err)
		require.Equal(t, "image/jpeg", info.ContentType)
	}

	require.NoError(t, s.Delete(t.Context(), key))
	for _, size := range []Size{Full, Thumb} {
		_, err = s.Get(t.Context(), key, size)
		require.True(t, fault.Is(err, fault.NotFound), "%v", err)
	}
	require.NoError(t, s.Delete(t.Context(), key), "deleting again is no error")
}

func TestDeleteLeavesOtherPicturesAlone(t *testing.T) {
	t.Parallel()
	s, one, other := fresh(t), newKey(), newKey()
	require.NoError(t, s.Put(t.Context(), one, []byte("one"), []byte("1")))
	require.NoError(t, s.Put(t.Context(), other, []byte("other"), []byte("2")))
	require.NoError(t, s.Delete(t.Context(), one))
	got, err := s.Get(t.Context(), other, Full)
	require.NoError(t, err)
	require.Equal(t, "other", string(got))
}

func TestKeysNameTheirOwnerAndDiffer(t *testing.T) {
	t.Parallel()
	user, task := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	a, b := NewKey(user, task), NewKey(user, task)
	require.NotEqual(t, a, b)
	k, err := ParseKey(a)
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{user, task}, []uuid.UUID{k.UserID, k.TaskID})
	require.WithinDuration(t, time.Now(), k.Made, time.Minute)
	for _, bad := range []string{"", "a/b/c", a + "/x", user.String(), strings.ToUpper(a), a[1:]} {
		_, err := ParseKey(bad)
		require.Error(t, err, bad)
	}
}

func TestListVisitsEveryPictureOnce(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	require.NoError(t, s.List(t.Context(), func(string, time.Time) error { return errors.New("nothing is there") }))
	before := time.Now().Add(-2 * time.Second)
	want := map[string]bool{}
	user := uuid.Must(uuid.NewV7())
	for range 7 {
		key := NewKey(user, uuid.Must(uuid.NewV7()))
		want[key] = true
		require.NoError(t, s.Put(t.Context(), key, []byte("full"), []byte("thumb")))
	}
	half := newKey()
	want[half] = true
	for _, object := range []string{half + "/thumb.jpg", "backup.tar", "a/b/c/full.jpg", newKey() + "/notes.txt", newKey() + "/x/full.jpg"} {
		_, err := s.client.Client.PutObject(t.Context(), s.bucket, object, bytes.NewReader([]byte("x")), 1, minio.PutObjectOptions{})
		require.NoError(t, err)
	}

	got := map[string]bool{}
	require.NoError(t, s.List(t.Context(), func(key string, modified time.Time) error {
		require.False(t, got[key], "%s was visited twice", key)
		got[key] = true
		require.WithinRange(t, modified, before, time.Now().Add(2*time.Second))
		return nil
	}))
	require.Equal(t, want, got)

	calls, stop := 0, errors.New("stop")
	require.ErrorIs(t, s.List(t.Context(), func(string, time.Time) error { calls++; return stop }), stop)
	require.Equal(t, 1, calls)
}

// eachCall requires that every method of a store fails with the same fault in time.
func eachCall(t *testing.T, s *Store, within time.Duration) {
	t.Helper()
	key := newKey()
	for name, call := range map[string]func() error{
		"Put":    func() error { return s.Put(t.Context(), key, []byte("full"), []byte("thumb")) },
		"Get":    func() error { _, err := s.Get(t.Context(), key, Full); return err },
		"Delete": func() error { return s.Delete(t.Context(), key) },
		"List":   func() error { return s.List(t.Context(), func(string, time.Time) error { return nil }) },
	} {
		started := time.Now()
		err := call()
		require.True(t, fault.Is(err, fault.Unavailable), "%s: %v", name, err)
		require.Less(t, time.Since(started), within, name)
		var f *fault.Error
		require.ErrorAs(t, err, &f)
		require.Positive(t, f.RetryAfter)
		require.NotContains(t, f.Message, s.bucket)
	}
}

func TestFailuresAreUnavailable(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, change func(*Config)) *Store {
		c := server(t)
		change(&c)
		s, err := New(c)
		require.NoError(t, err)
		return s
	}
	t.Run("no bucket", func(t *testing.T) {
		t.Parallel()
		eachCall(t, open(t, func(*Config) {}), 5*time.Second)
	})
	t.Run("wrong secret", func(t *testing.T) {
		t.Parallel()
		bucket := fresh(t).bucket
		eachCall(t, open(t, func(c *Config) { c.SecretKey, c.Bucket = "wrong", bucket }), 5*time.Second)
	})
	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		address := unused(t)
		eachCall(t, open(t, func(c *Config) { c.Endpoint, c.Timeout = "http://"+address, time.Second }), attempts*dial.Patience+5*time.Second)
	})
	t.Run("never answers", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		eachCall(t, open(t, func(c *Config) { c.Endpoint, c.Timeout = "http://"+l.Addr().String(), 300*time.Millisecond }), 3*time.Second)
	})
	t.Run("always 503", func(t *testing.T) {
		t.Parallel()
		var requests atomic.Int32
		busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			requests.Add(1)
			w.WriteHeader(http.StatusServiceUnavailable)
		}))
		defer busy.Close()
		s := open(t, func(c *Config) { c.Endpoint = busy.URL })
		require.Zero(t, requests.Load(), "New dials nothing")
		eachCall(t, s, 5*time.Second)
		// Get and List are one request each, Put and Delete two.
		require.LessOrEqual(t, requests.Load(), int32(6*attempts))
	})
}

// unused returns an address of this machine where nothing listens.
func unused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

func TestServerThatListensLateIsReached(t *testing.T) {
	t.Parallel()
	address := unused(t)
	late := time.AfterFunc(500*time.Millisecond, func() {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Error(err)
			return
		}
		_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	})
	defer late.Stop()
	s, err := New(Config{Endpoint: "http://" + address, Region: "r", Bucket: "bucket", AccessKey: "a", SecretKey: "s"})
	require.NoError(t, err)
	require.NoError(t, s.Delete(t.Context(), newKey()))
}

func TestGetIsBounded(t *testing.T) {
	t.Parallel()
	for name, handle := range map[string]http.HandlerFunc{
		"too large": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "17000000") },
		"cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("half"))
		},
		"stalls": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			odd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
				handle(w, r)
			}))
			defer odd.Close()
			c := Config{Endpoint: odd.URL, Region: "r", Bucket: "bucket", AccessKey: "a", SecretKey: "s", Timeout: time.Second}
			s, err := New(c)
			require.NoError(t, err)
			_, err = s.Get(t.Context(), newKey(), Full)
			require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
		})
	}
}

func TestCallsEndWithTheirContext(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Put(ctx, newKey(), []byte("full"), []byte("thumb")), context.Canceled)
	require.ErrorIs(t, s.List(ctx, func(string, time.Time) error { return nil }), context.Canceled)
}

func TestNewRefusesIncompleteSettings(t *testing.T) {
	t.Parallel()
	good := Config{Endpoint: "https://s3.example:9000", Region: "us-east-1", Bucket: "snaptask", AccessKey: "a", SecretKey: "s"}
	_, err := New(good)
	require.NoError(t, err)
	for name, spoil := range map[string]func(*Config){
		"no scheme":     func(c *Config) { c.Endpoint = "minio:9000" },
		"other scheme":  func(c *Config) { c.Endpoint = "ftp://minio:9000" },
		"with a path":   func(c *Config) { c.Endpoint = "http://minio:9000/bucket" },
		"no host":       func(c *Config) { c.Endpoint = "http://" },
		"no region":     func(c *Config) { c.Region = "" },
		"no bucket":     func(c *Config) { c.Bucket = "" },
		"no access key": func(c *Config) { c.AccessKey = "" },
		"no secret key": func(c *Config) { c.SecretKey = "" },
	} {
		c := good
		spoil(&c)
		_, err := New(c)
		require.Error(t, err, name)
	}
}
