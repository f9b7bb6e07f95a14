package objects

import (
	"context"
	"path"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/minio/minio-go/v7"
)

// List calls visit once for every picture in the bucket, in the order of the keys, with the time (UTC) at which its
// last object was stored. It passes over objects whose names no picture of ours has. An error of visit ends the
// listing and is given back as it is; the fault of the listing itself is Unavailable. Only ctx bounds the whole; each
// request has the time of one call.
func (s *Store) List(ctx context.Context, visit func(key string, modified time.Time) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var last string
	var modified time.Time
	for object := range s.client.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Recursive: true}) {
		if object.Err != nil {
			return away("list", object.Err)
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
		return away("list", err)
	}
	if last == "" {
		return nil
	}
	return visit(last, modified)
}

// keyOf gives the key of the picture that an object belongs to, and whether its name is one that NewKey and Put make.
func keyOf(object string) (key string, ours bool) {
	dir, file := path.Split(object)
	if file != string(Full)+".jpg" && file != string(Thumb)+".jpg" {
		return "", false
	}
	key = strings.TrimSuffix(dir, "/")
	parts := strings.Split(key, "/")
	for _, part := range parts {
		if id, err := uuid.Parse(part); err != nil || id.String() != part {
			return "", false
		}
	}
	return key, len(parts) == 3
}
