package server

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	uploadPath  = "/uploads/0190a1b2-0000-7000-8000-000000000001/0190a1b2-0000-7000-8000-000000000002/0190a1b2-0000-7000-8000-000000000003"
	uploadQuery = "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=upload%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=5e"
)

// uploadServer returns a web server in front of an object store.
func uploadServer(t *testing.T, store http.HandlerFunc) (address, storeHost string) {
	t.Helper()
	upstream := httptest.NewServer(store)
	t.Cleanup(upstream.Close)
	server := serverOver(t, Config{FunctionURL: unusedFunctionURL, S3Endpoint: upstream.URL, S3Bucket: "photos"}, build())
	return server.URL, strings.TrimPrefix(upstream.URL, "http://")
}

// put sends an upload.
func put(t *testing.T, address string, body io.Reader, header http.Header) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, address, body)
	require.NoError(t, err)
	if header != nil {
		request.Header = header
	}
	response, err := testTransport.RoundTrip(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(text)
}

func TestUploadReachesTheObjectStoreAsItWasSigned(t *testing.T) {
	t.Parallel()
	got := make(chan *http.Request, 1)
	address, storeHost := uploadServer(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		got <- r
		w.Header().Set("Server", "MinIO")
		w.Header().Set("ETag", `"5e"`)
		w.Header().Set("X-Amz-Request-Id", "17")
		_, _ = w.Write([]byte("of the store"))
	})
	response, text := put(t, address+uploadPath+uploadQuery, strings.NewReader("picture"), http.Header{
		"Content-Type": {"image/jpeg"}, "X-Amz-Meta-Bytes": {"7"}, "X-Amz-Meta-Traceparent": {"00-1-2-01"}, "Authorization": {"Bearer t"}, "Cookie": {"a=b"},
		"X-Amz-Acl": {"public-read"}, "X-Amz-Copy-Source": {"/photos/other"}, "X-Forwarded-For": {"203.0.113.9"}, "X-Call-Id": {"call-1"},
	})
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Empty(t, text)
	require.Equal(t, "call-1", response.Header.Get("X-Call-Id"))
	for _, name := range []string{"Server", "Etag", "X-Amz-Request-Id"} {
		require.Empty(t, response.Header.Get(name), name)
	}

	request := <-got
	require.Equal(t, "PUT /photos"+uploadPath+uploadQuery, request.Method+" "+request.RequestURI)
	require.Equal(t, storeHost, request.Host)
	body, err := io.ReadAll(request.Body)
	require.NoError(t, err)
	require.Equal(t, "picture", string(body))
	require.Equal(t, http.Header{
		"Content-Type": {"image/jpeg"}, "Content-Length": {"7"}, "X-Amz-Meta-Bytes": {"7"}, "X-Amz-Meta-Traceparent": {"00-1-2-01"}, "Expect": {"100-continue"},
	}, request.Header)
}

func TestObjectStoreGetsNothingButUploads(t *testing.T) {
	t.Parallel()
	address, _ := uploadServer(t, func(http.ResponseWriter, *http.Request) { t.Error("the store was asked") })
	unknown := struct{ io.Reader }{strings.NewReader("picture")} // of unknown length
	for name, c := range map[string]struct {
		method, path, query string
		body                io.Reader
		status              int
		code                string
	}{
		"get":               {"GET", uploadPath, uploadQuery, nil, 405, "method_not_allowed"},
		"delete":            {"DELETE", uploadPath, uploadQuery, nil, 405, "method_not_allowed"},
		"post":              {"POST", uploadPath, uploadQuery, nil, 405, "method_not_allowed"},
		"not signed":        {"PUT", uploadPath, "", nil, 403, "upload_refused"},
		"its permissions":   {"PUT", uploadPath, uploadQuery + "&acl", nil, 403, "upload_refused"},
		"part of an upload": {"PUT", uploadPath, uploadQuery + "&uploadId=1&partNumber=1", nil, 403, "upload_refused"},
		"malformed query":   {"PUT", uploadPath, uploadQuery + "&%zz", nil, 403, "upload_refused"},
		"unknown length":    {"PUT", uploadPath, uploadQuery, unknown, 411, "length_required"},
		"too large":         {"PUT", uploadPath, uploadQuery, bytes.NewReader(make([]byte, maxUpload+1)), 413, "too_large"},
		"no upload":         {"PUT", "/uploads/", uploadQuery, nil, 404, "not_found"},
		"short":             {"PUT", uploadPath[:len(uploadPath)-1], uploadQuery, nil, 404, "not_found"},
		"deeper":            {"PUT", uploadPath + "/x", uploadQuery, nil, 404, "not_found"},
		"another key":       {"PUT", strings.ReplaceAll(uploadPath, "0002", "..%2f"), uploadQuery, nil, 404, "not_found"},
		"capitals":          {"PUT", strings.ToUpper(uploadPath), uploadQuery, nil, 405, "method_not_allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request, err := http.NewRequestWithContext(t.Context(), c.method, address+c.path+c.query, c.body)
			require.NoError(t, err)
			request.Header.Set("Expect", "100-continue")
			response, err := testTransport.RoundTrip(request)
			require.NoError(t, err)
			defer response.Body.Close()
			text, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.Equal(t, c.status, response.StatusCode)
			require.Equal(t, c.code, requireError(t, response, string(text)))
		})
	}
}

func TestObjectStoresErrorsAreOurs(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]struct {
		status int
		code   string
	}{
		400: {403, "upload_refused"}, // a part of the query is missing
		403: {403, "upload_refused"}, // other bytes or another type than signed, or too late
		411: {403, "upload_refused"},
		404: {503, "unavailable"}, // there is no bucket
		429: {503, "unavailable"},
		307: {503, "unavailable"},
		500: {503, "outcome_unknown"},
		503: {503, "outcome_unknown"},
		507: {503, "outcome_unknown"},
	} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			address, storeHost := uploadServer(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Content-Type", "application/xml")
				w.Header().Set("Location", "http://elsewhere.test/")
				w.WriteHeader(status)
				_, _ = w.Write([]byte("<Error><Resource>" + r.Host + "</Resource></Error>"))
			})
			response, text := put(t, address+uploadPath+uploadQuery, strings.NewReader("picture"), nil)
			require.Equal(t, want.status, response.StatusCode)
			require.Equal(t, want.code, requireError(t, response, text))
			require.Equal(t, want.status == 503, response.Header.Get("Retry-After") != "")
			require.NotContains(t, text, storeHost)
			require.Empty(t, response.Header.Get("Location"))
		})
	}
}

func TestClientThatSendsEverythingFirstSeesThatItIsRefused(t *testing.T) {
	t.Parallel()
	address, _ := uploadServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusForbidden) // before the body
	})
	connection, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	require.NoError(t, err)
	defer connection.Close()
	const size = 12 << 20 // more than buffers hold
	_, err = io.WriteString(connection, "PUT "+uploadPath+uploadQuery+" HTTP/1.1\r\nHost: x\r\nContent-Length: "+strconv.Itoa(size)+"\r\n\r\n")
	require.NoError(t, err)
	_, err = connection.Write(make([]byte, size))
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusForbidden, response.StatusCode)
}

func TestExpiredUploadIsRefusedBeforeTheObjectStore(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	address, _ := uploadServer(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	for age, status := range map[time.Duration]int{11 * time.Minute: 403, 9 * time.Minute: 200, -time.Minute: 200} {
		query := uploadQuery + "&X-Amz-Expires=600&X-Amz-Date=" + time.Now().UTC().Add(-age).Format("20060102T150405Z")
		response, text := put(t, address+uploadPath+query, strings.NewReader("picture"), nil)
		require.Equal(t, status, response.StatusCode, age)
		if status == 403 {
			require.Equal(t, "upload_refused", requireError(t, response, text))
		}
	}
	require.EqualValues(t, 2, asked.Load())
}

func TestUploadWhoseAnswerIsLostIsOutcomeUnknown(t *testing.T) {
	t.Parallel()
	address, _ := uploadServer(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	})
	response, text := put(t, address+uploadPath+uploadQuery, strings.NewReader("picture"), nil)
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
	require.Equal(t, "outcome_unknown", requireError(t, response, text))
}

func TestUploadWhileTheObjectStoreIsAwayIs503(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close()) // from now on it refuses connections
	config := Config{FunctionURL: unusedFunctionURL, S3Endpoint: "http://" + listener.Addr().String(), S3Bucket: "photos"}
	response, text := put(t, serverOver(t, config, build()).URL+uploadPath+uploadQuery, strings.NewReader("picture"), nil)
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
	require.Equal(t, "unavailable", requireError(t, response, text))
	require.NotContains(t, text, listener.Addr().String())
}

func TestUploadThatIsCutOffIsTheClientsFault(t *testing.T) {
	t.Parallel()
	failed := make(chan error, 1)
	address, _ := uploadServer(t, func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		failed <- err
	})
	connection, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	require.NoError(t, err)
	defer connection.Close()
	_, err = io.WriteString(connection, "PUT "+uploadPath+uploadQuery+" HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
	require.NoError(t, err)
	require.NoError(t, connection.(*net.TCPConn).CloseWrite())
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
	require.Equal(t, "body_incomplete", requireError(t, response, string(text)))
	require.Error(t, <-failed, "the store does not take half of a photo for all of it")
}

func TestUploadsElsewhereAreNotForwarded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]Config{
		"no object store":         {},
		"browsers use its server": {S3Endpoint: "http://127.0.0.1:9", S3Bucket: "photos", ObjectsPublicURL: "https://photos.test/base"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.FunctionURL = unusedFunctionURL
			server := serverOver(t, c, build())
			response, text := put(t, server.URL+uploadPath+uploadQuery, strings.NewReader("picture"), nil)
			require.Equal(t, http.StatusNotFound, response.StatusCode)
			require.Equal(t, "not_found", requireError(t, response, text))
			policy := response.Header.Get("Content-Security-Policy")
			require.Equal(t, c.ObjectsPublicURL != "", strings.Contains(policy, "connect-src 'self' https://photos.test/base/;"), policy)
		})
	}
}

func TestStoreThatReadsNoFurtherIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var stalls atomic.Int32
		b := newBorrowedBody(strings.NewReader("picture"), func() { stalls.Add(1) })
		time.Sleep(storePatience - time.Second)
		_, err := b.Read(make([]byte, 3))
		require.NoError(t, err)
		time.Sleep(storePatience - time.Second)
		require.Zero(t, stalls.Load())
		time.Sleep(2 * time.Second)
		require.EqualValues(t, 1, stalls.Load())

		rest, err := io.ReadAll(b.takeBack())
		require.NoError(t, err)
		require.Equal(t, "ture", string(rest))
		_, err = b.Read(make([]byte, 3))
		require.ErrorIs(t, err, http.ErrBodyReadAfterClose)
		time.Sleep(2 * storePatience)
		require.EqualValues(t, 1, stalls.Load())
	})
}
