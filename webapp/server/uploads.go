package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Limits of uploads. As long as one arrives, it takes a connection of the object store, which serves some 250 requests at once.
const (
	maxUpload        = 16 << 20 // bytes, as the function upload-url has it
	maxUploads       = 64       // at once
	uploadsPerClient = 16

	// storePatience is how long an upload waits for an object store that neither reads nor answers.
	storePatience = 20 * time.Second
)

var (
	isUUID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

	// uploadHeaders are the request's headers that the object store gets, besides its length; the signature covers those of them that
	// upload-url returned.
	uploadHeaders = []string{"Content-Type", "X-Amz-Meta-Bytes", "X-Amz-Meta-Traceparent"}
)

// uploads forwards PUT /uploads/USER/TASK/ID, with a signature in its query, to the bucket of the object store. The store checks the
// signature, which covers the path, the length and the type.
type uploads struct {
	config     Config
	store      *url.URL // with the bucket as its path
	arriving   *places
	transport  http.RoundTripper
	errorPages errorPages
}

func newUploads(c Config, errorPages errorPages) (*uploads, error) {
	store, err := url.Parse(c.S3Endpoint)
	if err != nil {
		return nil, err
	}
	return &uploads{c, store.JoinPath(c.S3Bucket), newPlaces(maxUploads, uploadsPerClient), newTransport(), errorPages}, nil
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
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	place := u.arriving.take(u.config.clientOf(r), func() {
		cancel(errCrowdedOut)
		endBody(r)
	})
	if place == nil {
		refuseBody(w, r, u.errorPages, tooManyUploads)
		return
	}
	body := newBorrowedBody(r.Body, func() { cancel(errStalled) })
	err := u.send(ctx, r, body)
	u.arriving.leave(place)
	crowdedOut := errors.Is(context.Cause(ctx), errCrowdedOut)
	cancel(nil)
	rest := body.takeBack()
	if err == nil {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set(callIDHeader, r.Header.Get(callIDHeader))
		w.WriteHeader(http.StatusOK)
		return
	}
	if crowdedOut && body.read < r.ContentLength { // else the object store may have it
		refuseBody(w, r, u.errorPages, tooManyUploads)
		return
	}
	if !isIncomplete(r) { // a client that still sends would not see the response
		_, _ = io.Copy(io.Discard, rest)
	}
	if errors.Is(err, errRefused) {
		u.errorPages.write(w, r, uploadRefused)
		return
	}
	forwardFailed(w, r, err, u.errorPages)
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

// isExpired reports whether the time of a signed query is over. A store refuses it, too, but may reset the connection if the body is
// already being sent, and then the outcome is unknown.
func isExpired(query url.Values) bool {
	from, err := time.Parse("20060102T150405Z", query.Get("X-Amz-Date"))
	seconds, numberErr := strconv.Atoi(query.Get("X-Amz-Expires"))
	return err == nil && numberErr == nil && time.Since(from) > time.Duration(seconds)*time.Second
}

// send sends the request to the object store, and returns nil if that has stored the upload.
func (u *uploads) send(ctx context.Context, r *http.Request, body io.ReadCloser) error {
	if isExpired(r.URL.Query()) {
		return errRefused
	}
	target := u.store.JoinPath("uploads", r.PathValue("user"), r.PathValue("task"), r.PathValue("id"))
	target.RawQuery = r.URL.RawQuery
	out, err := http.NewRequestWithContext(ctx, http.MethodPut, target.String(), body)
	if err != nil {
		return err
	}
	out.ContentLength = r.ContentLength
	out.Header.Set("User-Agent", "")
	out.Header.Set("Expect", "100-continue") // so that the store can refuse the upload before its body
	for _, name := range uploadHeaders {
		if value := r.Header.Get(name); value != "" {
			out.Header.Set(name, value)
		}
	}
	response, err := u.transport.RoundTrip(out)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusForbidden, http.StatusBadRequest, http.StatusLengthRequired:
		return errRefused
	}
	return upstreamError{"the object store", response.StatusCode}
}

var (
	// errRefused is the error of an upload that the object store refuses, for it is not the one that was signed, or too late.
	errRefused = errors.New("the object store refused the upload")
	// errCrowdedOut is the error of an upload whose place another client got.
	errCrowdedOut = errors.New("too many uploads at once")
	errStalled    = fmt.Errorf("the object store neither read on nor answered for %s", storePatience)
)

// borrowedBody is a request's body that another request sends, until takeBack: a transport may still read a body after it has returned
// the response.
type borrowedBody struct {
	stalled *time.Timer // runs while nobody reads

	mu   sync.Mutex
	from io.Reader
	read int64 // bytes
}

// newBorrowedBody returns a body that calls stalled when nobody has read it for storePatience, and was not taken back.
func newBorrowedBody(from io.Reader, stalled func()) *borrowedBody {
	return &borrowedBody{stalled: time.AfterFunc(storePatience, stalled), from: from}
}

func (b *borrowedBody) Read(into []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.from == nil {
		return 0, http.ErrBodyReadAfterClose
	}
	b.stalled.Stop()
	defer b.stalled.Reset(storePatience)
	n, err := b.from.Read(into)
	b.read += int64(n)
	return n, err
}

func (b *borrowedBody) Close() error { return nil }

// takeBack ends the loan and returns what has not been read.
func (b *borrowedBody) takeBack() io.Reader {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stalled.Stop()
	from := b.from
	b.from = nil
	return from
}
