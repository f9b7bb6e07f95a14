package objects

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/minio/minio-go/v7"

	"snaptask/functions/internal/fault"
	"snaptask/functions/telemetry"
)

const (
	// MaxUpload is the maximum size of an upload in bytes.
	MaxUpload = 16 << 20
	// uploadTime is how long the URL of an upload is valid.
	uploadTime = 10 * time.Minute
	// uploadFolder is the first part of the names of uploads. No picture's key has it: these begin with a UUID.
	uploadFolder = "uploads/"
	// traceHeader is stored with an upload, so that what reads it can continue the trace of what made its URL.
	traceHeader = "x-amz-meta-traceparent"
	// bytesHeader is stored with an upload, so that what reads it can tell whether it is complete: versitygw keeps what has come of
	// one whose sender goes away.
	bytesHeader = "x-amz-meta-bytes"
)

// UploadKey returns the key of an upload, which is the name of its only object: "uploads/{userID}/{taskID}/{uploadID}".
func UploadKey(userID, taskID, uploadID uuid.UUID) string {
	return fmt.Sprintf("%s%s/%s/%s", uploadFolder, userID, taskID, uploadID)
}

// ParseUploadKey parses a key that UploadKey returned.
func ParseUploadKey(key string) (Key, error) {
	rest, found := strings.CutPrefix(key, uploadFolder)
	if !found {
		return Key{}, fmt.Errorf("the key %q is not that of an upload", key)
	}
	return ParseKey(rest)
}

// UploadRequest is a PUT of one object that its holder may make without an account.
type UploadRequest struct {
	URL       string            // without scheme, host and bucket ("/uploads/..."), unless there is a PublicURL
	Headers   map[string]string // to send with it, besides Content-Length
	ExpiresAt time.Time
}

// PresignUpload returns the request that stores exactly so many bytes of this media type under the key of an upload. The trace of ctx,
// if there is one, is stored with it. It sends nothing to the server.
func (s *Store) PresignUpload(ctx context.Context, key string, bytes int64, mediaType string) (UploadRequest, error) {
	size := strconv.FormatInt(bytes, 10)
	headers := map[string]string{"Content-Type": mediaType, bytesHeader: size}
	if trace := telemetry.Traceparent(ctx); trace != "" {
		headers[traceHeader] = trace
	}
	signed := http.Header{"Content-Length": {size}}
	for name, value := range headers {
		signed.Set(name, value)
	}
	expiresAt := time.Now().Add(uploadTime).UTC().Truncate(time.Second)
	u, err := s.presigner.PresignHeader(ctx, http.MethodPut, s.bucket, key, uploadTime, nil, signed)
	if err != nil {
		return UploadRequest{}, fmt.Errorf("sign the URL of %s: %w", key, err)
	}
	if s.sameOrigin {
		u = &url.URL{Path: strings.TrimPrefix(u.Path, "/"+s.bucket), RawQuery: u.RawQuery}
	}
	return UploadRequest{URL: u.String(), Headers: headers, ExpiresAt: expiresAt}, nil
}

// Upload is an uploaded file.
type Upload struct {
	Data  []byte
	Trace string // the header traceparent of the trace in which PresignUpload was called
}

// GetUpload returns an upload. The fault is NotFound when it doesn't exist or is incomplete, UploadTooLarge's when it has more than
// MaxUpload bytes, else Unavailable.
func (s *Store) GetUpload(ctx context.Context, key string) (Upload, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	body, info, header, err := s.client.GetObject(ctx, s.bucket, key, minio.GetObjectOptions{})
	if missing(err) {
		return Upload{}, &fault.Error{Kind: fault.NotFound, Code: "upload_not_found", Message: "There is no such upload.", Cause: err}
	}
	if err != nil {
		return Upload{}, unavailable("get "+key, err)
	}
	defer body.Close()
	if info.Size < 0 || info.Size > MaxUpload {
		return Upload{}, UploadTooLarge()
	}
	if announced := header.Get(bytesHeader); announced != "" && announced != strconv.FormatInt(info.Size, 10) {
		return Upload{}, fault.New(fault.NotFound, "upload_not_found", "The upload is incomplete.")
	}
	upload := Upload{Data: make([]byte, info.Size), Trace: header.Get(traceHeader)}
	if _, err := io.ReadFull(body, upload.Data); err != nil {
		return Upload{}, unavailable("get "+key, err)
	}
	return upload, nil
}

// UploadTooLarge returns the fault of an upload of more than MaxUpload bytes.
func UploadTooLarge() error {
	return fault.New(fault.TooLarge, "picture_too_large", fmt.Sprintf("The photo is larger than %d MiB.", MaxUpload>>20))
}

// DeleteUpload removes an upload, if it exists. The fault is Unavailable.
func (s *Store) DeleteUpload(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	err := s.client.RemoveObject(ctx, s.bucket, key, minio.RemoveObjectOptions{})
	if err != nil && !missing(err) {
		return unavailable("delete "+key, err)
	}
	return nil
}

// ListUploads calls visit once for every upload, in the order of the keys, with the time (UTC) at which it was stored. It skips
// objects whose names UploadKey doesn't make. Errors and the timeout are as in List.
func (s *Store) ListUploads(ctx context.Context, visit func(key string, stored time.Time) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	options := minio.ListObjectsOptions{Prefix: uploadFolder, Recursive: true}
	for object := range s.client.ListObjectsIter(ctx, s.bucket, options) {
		if object.Err != nil {
			return unavailable("list uploads", object.Err)
		}
		if _, err := ParseUploadKey(object.Key); err != nil {
			continue
		}
		if err := visit(object.Key, object.LastModified.UTC()); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return unavailable("list uploads", err)
	}
	return nil
}
