package objects

import (
	"context"
	"time"

	"github.com/minio/minio-go/v7"
)

// List calls visit once for every picture in the bucket, in the order of the keys, with the time (UTC) at which its last
// object was stored. It skips objects whose names Put doesn't make. An error of visit ends the listing and is returned
// unchanged; the fault of the listing itself is Unavailable. The timeout applies to each request; only ctx limits the whole.
func (s *Store) List(ctx context.Context, visit func(key string, modified time.Time) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var last string
	var modified time.Time
	for object := range s.client.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Recursive: true}) {
		if object.Err != nil {
			return unavailable("list", object.Err)
		}
		key, ours := keyOf(object.Key)
		if !ours {
			continue
		}
		if key != last && last != "" {
			if err := visit(last, modified); err != nil {
				return err
			}
			modified = time.Time{}
		}
		last = key
		if object.LastModified.After(modified) {
			modified = object.LastModified.UTC()
		}
	}
	if err := ctx.Err(); err != nil {
		return unavailable("list", err)
	}
	if last == "" {
		return nil
	}
	return visit(last, modified)
}

// Ready returns nil when the server answers, even if it refuses the account or has no such bucket, which waiting can't change.
func (s *Store) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	for object := range s.client.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{MaxKeys: 1}) {
		if status := minio.ToErrorResponse(object.Err).StatusCode; object.Err != nil && (status < 400 || status >= 500) {
			return unavailable("list", object.Err)
		}
		break
	}
	return nil
}
