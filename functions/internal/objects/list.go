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
