package objects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"snaptask/functions/internal/fault"
	"snaptask/functions/telemetry"
)

const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// traced returns a context in that trace.
func traced(t *testing.T) context.Context {
	ctx, call := telemetry.Start(t.Context(), "upload-url", trace)
	t.Cleanup(func() { call.End(false) })
	return ctx
}

func newUploadKey() string {
	return UploadKey(uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7()))
}

func TestUploadKeysNameTheirTask(t *testing.T) {
	t.Parallel()
	user, task, id := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	key := UploadKey(user, task, id)
	got, err := ParseUploadKey(key)
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{user, task, id}, []uuid.UUID{got.UserID, got.TaskID, got.ID})
	require.WithinDuration(t, time.Now(), got.Made, time.Minute)
	for _, bad := range []string{"", "uploads/", key + "/full.jpg", "/" + key, strings.TrimPrefix(key, "uploads/"), "uploads/" + key, "uploads/../" + NewKey(user, task),
		strings.ToUpper(key), "uploads/a/b/c", strings.ReplaceAll(key, "-", ""), key + "\x00"} {
		_, err := ParseUploadKey(bad)
		require.Error(t, err, "%q", bad)
	}
}

// send makes an upload's request as the web server forwards it, and returns the response's status and body.
func send(t *testing.T, s *Store, u UploadRequest, body []byte, change func(*http.Request)) (int, string) {
	t.Helper()
	endpoint := s.client.EndpointURL()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, endpoint.Scheme+"://"+endpoint.Host+"/"+s.bucket+u.URL, bytes.NewReader(body))
	require.NoError(t, err)
	for name, value := range u.Headers {
		r.Header.Set(name, value)
	}
	if change != nil {
		change(r)
	}
	response, err := testClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(text)
}

func TestAnUploadIsStoredReadAndDeleted(t *testing.T) {
	t.Parallel()
	s, key, photo := fresh(t), newUploadKey(), bytes.Repeat([]byte("photo"), 300_000)
	u, err := s.PresignUpload(traced(t), key, int64(len(photo)), "image/jpeg")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(u.URL, "/"+key+"?"), u.URL)
	require.WithinDuration(t, time.Now().Add(10*time.Minute), u.ExpiresAt, 2*time.Second)
	require.Equal(t, map[string]string{"Content-Type": "image/jpeg", "x-amz-meta-bytes": "1500000", "x-amz-meta-traceparent": trace}, u.Headers)

	_, err = s.GetUpload(t.Context(), key)
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
	status, text := send(t, s, u, photo, nil)
	require.Equal(t, http.StatusOK, status, text)
	got, err := s.GetUpload(t.Context(), key)
	require.NoError(t, err)
	require.True(t, bytes.Equal(photo, got.Data))
	require.Equal(t, trace, got.Trace)

	require.NoError(t, s.DeleteUpload(t.Context(), key))
	_, err = s.GetUpload(t.Context(), key)
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
	require.NoError(t, s.DeleteUpload(t.Context(), key), "deleting again is no error")
}

func TestAnUploadOtherThanSignedIsRefused(t *testing.T) {
	t.Parallel()
	s, photo := fresh(t), []byte("photo")
	for name, c := range map[string]struct {
		body   []byte
		change func(*http.Request)
	}{
		"more bytes":         {body: []byte("photos")},
		"fewer bytes":        {body: []byte("phot")},
		"no bytes":           {body: nil},
		"other type":         {body: photo, change: func(r *http.Request) { r.Header.Set("Content-Type", "text/html") }},
		"no type":            {body: photo, change: func(r *http.Request) { r.Header.Del("Content-Type") }},
		"other trace":        {body: photo, change: func(r *http.Request) { r.Header.Set(traceHeader, trace+"0") }},
		"no trace":           {body: photo, change: func(r *http.Request) { r.Header.Del(traceHeader) }},
		"other key":          {body: photo, change: func(r *http.Request) { r.URL.Path = "/" + s.bucket + "/" + newUploadKey() }},
		"other method":       {body: photo, change: func(r *http.Request) { r.Method = http.MethodPost }},
		"reading":            {change: func(r *http.Request) { r.Method, r.Body, r.ContentLength = http.MethodGet, nil, 0 }},
		"deleting":           {change: func(r *http.Request) { r.Method, r.Body, r.ContentLength = http.MethodDelete, nil, 0 }},
		"other host":         {body: photo, change: func(r *http.Request) { r.Host = "example.org" }},
		"one more parameter": {body: photo, change: func(r *http.Request) { r.URL.RawQuery += "&more=1" }},
		"unknown length":     {body: photo, change: func(r *http.Request) { r.ContentLength = -1 }},
		"longer validity": {body: photo, change: func(r *http.Request) {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "X-Amz-Expires=600", "X-Amz-Expires=6000", 1)
		}},
	} {
		key := newUploadKey()
		u, err := s.PresignUpload(traced(t), key, int64(len(photo)), "image/jpeg")
		require.NoError(t, err)
		status, text := send(t, s, u, c.body, c.change)
		require.True(t, status >= 400 && status < 500, "%s: %d %s", name, status, text)
		_, err = s.GetUpload(t.Context(), key)
		require.True(t, fault.Is(err, fault.NotFound), "%s: %v", name, err)
	}
}

func TestAnUploadThatIsCutOffIsNotStored(t *testing.T) {
	t.Parallel()
	s, key := fresh(t), newUploadKey()
	u, err := s.PresignUpload(t.Context(), key, 5, "image/jpeg")
	require.NoError(t, err)
	connection, err := net.Dial("tcp", s.client.EndpointURL().Host)
	require.NoError(t, err)
	_, err = fmt.Fprintf(connection, "PUT /%s%s HTTP/1.1\r\nHost: %s\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\n\r\nphot",
		s.bucket, u.URL, s.client.EndpointURL().Host)
	require.NoError(t, err)
	require.NoError(t, connection.(*net.TCPConn).CloseWrite())
	answer, err := io.ReadAll(connection) // until the server has given up
	require.NoError(t, err)
	require.NotContains(t, string(answer), "200 OK")
	require.NoError(t, connection.Close())
	_, err = s.GetUpload(t.Context(), key)
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
}

func TestAnUploadAfterItsTimeIsRefused(t *testing.T) {
	t.Parallel()
	s, key := fresh(t), newUploadKey()
	u, err := s.PresignUpload(t.Context(), key, 5, "image/jpeg")
	require.NoError(t, err)
	require.Contains(t, u.URL, "X-Amz-Expires=600")
	short, err := s.presigner.PresignHeader(t.Context(), http.MethodPut, s.bucket, key, time.Second, nil,
		http.Header{"Content-Type": {"image/jpeg"}, "Content-Length": {"5"}})
	require.NoError(t, err)
	u.URL = strings.TrimPrefix(short.RequestURI(), "/"+s.bucket)
	time.Sleep(2100 * time.Millisecond) // signatures count whole seconds
	status, text := send(t, s, u, []byte("photo"), nil)
	require.Equal(t, http.StatusForbidden, status, text)
	_, err = s.GetUpload(t.Context(), key)
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
}

func TestASecondUploadReplacesTheFirst(t *testing.T) {
	t.Parallel()
	s, key := fresh(t), newUploadKey()
	u, err := s.PresignUpload(t.Context(), key, 5, "image/png")
	require.NoError(t, err)
	for _, photo := range []string{"first", "other"} {
		status, text := send(t, s, u, []byte(photo), nil)
		require.Equal(t, http.StatusOK, status, text)
		got, err := s.GetUpload(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, Upload{Data: []byte(photo)}, got)
	}
}

func TestUploadsGoToThePublicURL(t *testing.T) {
	t.Parallel()
	c := server(t)
	for public, want := range map[string]string{
		"https://photos.example":     "https://photos.example/",
		"https://photos.example:443": "https://photos.example/",
		"http://photos.example:9000": "http://photos.example:9000/",
	} {
		c := c
		c.PublicURL = public
		s, err := New(c)
		require.NoError(t, err)
		u, err := s.PresignUpload(t.Context(), "uploads/key", 5, "image/webp")
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(u.URL, want+c.Bucket+"/uploads/key?"), u.URL)
		parsed, err := url.Parse(u.URL)
		require.NoError(t, err)
		require.Equal(t, "content-length;content-type;host;x-amz-meta-bytes", parsed.Query().Get("X-Amz-SignedHeaders"))
	}
	c.PublicURL = "photos.example"
	_, err := New(c)
	require.Error(t, err)
}

func TestUploadsThatAreTooLargeAreNotRead(t *testing.T) {
	t.Parallel()
	s, key := fresh(t), newUploadKey()
	put := func(bytesOf int) {
		_, err := s.client.Client.PutObject(t.Context(), s.bucket, key, bytes.NewReader(make([]byte, bytesOf)), int64(bytesOf), minio.PutObjectOptions{})
		require.NoError(t, err)
	}
	put(MaxUpload)
	got, err := s.GetUpload(t.Context(), key)
	require.NoError(t, err)
	require.Len(t, got.Data, MaxUpload)
	put(MaxUpload + 1)
	_, err = s.GetUpload(t.Context(), key)
	require.True(t, fault.Is(err, fault.TooLarge), "%v", err)
}

func TestListUploadsSkipsPictures(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	require.NoError(t, s.Put(t.Context(), newKey(), []byte("full"), []byte("thumb")))
	before, want := time.Now().Add(-2*time.Second), map[string]bool{}
	for range 3 {
		want[newUploadKey()] = true
	}
	put := func(name string) {
		_, err := s.client.Client.PutObject(t.Context(), s.bucket, name, strings.NewReader("x"), 1, minio.PutObjectOptions{})
		require.NoError(t, err)
	}
	for key := range want {
		put(key)
	}
	put("uploads/notes.txt")
	put(newUploadKey() + "/more")

	got := map[string]bool{}
	require.NoError(t, s.ListUploads(t.Context(), func(key string, stored time.Time) error {
		require.WithinRange(t, stored, before, time.Now().Add(2*time.Second))
		got[key] = true
		return nil
	}))
	require.Equal(t, want, got)
	pictures := 0
	require.NoError(t, s.List(t.Context(), func(string, time.Time) error { pictures++; return nil }))
	require.Equal(t, 1, pictures, "an upload is not a picture")

	stop := errors.New("stop")
	require.ErrorIs(t, s.ListUploads(t.Context(), func(string, time.Time) error { return stop }), stop)
}

func TestFailuresWithUploadsAreUnavailable(t *testing.T) {
	t.Parallel()
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	defer broken.Close()
	c := server(t)
	c.Endpoint = broken.URL
	s, err := New(c)
	require.NoError(t, err)
	_, get := s.GetUpload(t.Context(), newUploadKey())
	for name, err := range map[string]error{
		"GetUpload":    get,
		"DeleteUpload": s.DeleteUpload(t.Context(), newUploadKey()),
		"ListUploads":  s.ListUploads(t.Context(), func(string, time.Time) error { return nil }),
	} {
		require.True(t, fault.Is(err, fault.Unavailable), "%s: %v", name, err)
	}
}

// TestAnUploadIsNotThereUntilItIsWhole sends a part of a file and goes away, as a browser does whose page is closed.
func TestAnUploadIsNotThereUntilItIsWhole(t *testing.T) {
	t.Parallel()
	s, key, photo := fresh(t), newUploadKey(), bytes.Repeat([]byte("photo"), 300_000)
	u, err := s.PresignUpload(t.Context(), key, int64(len(photo)), "image/jpeg")
	require.NoError(t, err)
	host := s.client.EndpointURL().Host
	connection, err := net.Dial("tcp", host)
	require.NoError(t, err)
	fmt.Fprintf(connection, "PUT /%s%s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", s.bucket, u.URL, host, len(photo))
	for name, value := range u.Headers {
		fmt.Fprintf(connection, "%s: %s\r\n", name, value)
	}
	_, err = fmt.Fprintf(connection, "\r\n%s", photo[:len(photo)/2])
	require.NoError(t, err)
	require.NoError(t, connection.Close())
	for range 20 { // some servers keep the part, others nothing
		_, err = s.GetUpload(t.Context(), key)
		require.True(t, fault.Is(err, fault.NotFound), "%v", err)
		time.Sleep(50 * time.Millisecond)
	}
	status, text := send(t, s, u, photo, nil)
	require.Equal(t, http.StatusOK, status, text)
	whole, err := s.GetUpload(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, photo, whole.Data)
}
