package server

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// maxUpload is the size of the largest photo in bytes, as the function upload-url has it.
const maxUpload = 16 << 20

var (
	isUUID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

	// uploadHeaders are the request's headers that the object store gets, besides its length; the signature covers those of them that
	// upload-url returned.
	uploadHeaders = []string{"Content-Type", "X-Amz-Meta-Traceparent"}
)

// uploads forwards PUT /uploads/USER/TASK/ID with a signature in its query to the object store, whose part of the address is the
// endpoint and the bucket. The store checks the signature, which covers the path, the length and the type.
type uploads struct {
	store      *url.URL // with the bucket as its path
	transport  http.RoundTripper
	errorPages errorPages
}

func newUploads(c Config, errorPages errorPages) (*uploads, error) {
	store, err := url.Parse(c.S3Endpoint)
	if err != nil {
		return nil, err
	}
	return &uploads{store.JoinPath(c.S3Bucket), newTransport(), errorPages}, nil
}

func (u *uploads) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Header.Set(callIDHeader, callID(r))
	if f := checkUpload(r); f != nil {
		if f.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", http.MethodPut)
		}
		u.errorPages.write(w, r, *f)
		return
	}
	body := &borrowedBody{from: r.Body}
	response, err := u.send(r, body)
	if response != nil {
		defer response.Body.Close()
		err = storeError(response)
	}
	if err == nil {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set(callIDHeader, r.Header.Get(callIDHeader))
		w.WriteHeader(http.StatusOK)
		return
	}
	if !isIncomplete(r) { // a client that still sends would not see the response
		_, _ = io.Copy(io.Discard, body.back())
	}
	if errors.Is(err, errRefused) {
		u.errorPages.write(w, r, uploadRefused)
		return
	}
	functionFailed(w, r, err, u.errorPages)
}

// checkUpload returns why the object store need not be asked, or nil.
func checkUpload(r *http.Request) *failure {
	for _, name := range []string{"user", "task", "id"} {
		if !isUUID.MatchString(r.PathValue(name)) {
			return &nothingHere
		}
	}
	if r.Method != http.MethodPut {
		return &uploadOnly
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || !query.Has("X-Amz-Signature") {
		return &uploadRefused
	}
	for name := range query {
		// Others select another operation of the store, such as ?acl.
		if !strings.HasPrefix(name, "X-Amz-") {
			return &uploadRefused
		}
	}
	switch {
	case r.ContentLength < 0:
		return &lengthRequired
	case r.ContentLength > maxUpload:
		return &uploadTooLarge
	}
	return nil
}

// send sends the request to the object store.
func (u *uploads) send(r *http.Request, body io.ReadCloser) (*http.Response, error) {
	target := u.store.JoinPath("uploads", r.PathValue("user"), r.PathValue("task"), r.PathValue("id"))
	target.RawQuery = r.URL.RawQuery
	out, err := http.NewRequestWithContext(r.Context(), http.MethodPut, target.String(), body)
	if err != nil {
		return nil, err
	}
	out.ContentLength = r.ContentLength
	out.Header.Set("User-Agent", "")
	for _, name := range uploadHeaders {
		if value := r.Header.Get(name); value != "" {
			out.Header.Set(name, value)
		}
	}
	return u.transport.RoundTrip(out)
}

// errRefused is the error of an upload that the object store refuses, for it is not the one that was signed, or too late.
var errRefused = errors.New("the object store refused the upload")

// storeError returns nil if the object store has stored the upload.
func storeError(response *http.Response) error {
	switch response.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusForbidden, http.StatusBadRequest, http.StatusLengthRequired:
		return errRefused
	}
	return upstreamError{"the object store", response.StatusCode}
}

// borrowedBody is a request's body that another request sends, until back takes it back: a transport may still read a body after it
// has returned the response.
type borrowedBody struct {
	mu   sync.Mutex
	from io.Reader
}

func (b *borrowedBody) Read(into []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.from == nil {
		return 0, http.ErrBodyReadAfterClose
	}
	return b.from.Read(into)
}

func (b *borrowedBody) Close() error { return nil }

// back returns what has not been read.
func (b *borrowedBody) back() io.Reader {
	b.mu.Lock()
	defer b.mu.Unlock()
	from := b.from
	b.from = nil
	return from
}
