package s3

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path"

	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/s3response"
)

// folders is a backend that keeps the folder of an object while the object is put. versitygw removes a folder with its last object, and
// refuses an object (409) whose folder disappears at the wrong moment, such as the next upload of a task.
type folders struct {
	*posix.Posix
	objects *os.Root
}

// PutObject is that of the backend.
func (f folders) PutObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	if in.Bucket == nil || in.Key == nil {
		return f.Posix.PutObject(ctx, in)
	}
	release := f.hold(*in.Bucket, path.Dir(*in.Key))
	out, err := f.Posix.PutObject(ctx, in)
	release(err != nil)
	return out, err
}

// hold keeps a folder of a bucket from being removed until release is called, which removes it and those above it if the object failed
// and they are empty. If hold can't create the folder, it does nothing, and the backend returns the reason.
func (f folders) hold(bucket, folder string) (release func(failed bool)) {
	const attempts = 10
	nothing := func(bool) {}
	if _, err := f.objects.Stat(bucket); err != nil || folder == "." {
		return nothing
	}
	folder = path.Join(bucket, folder)
	inside := path.Join(folder, ".hold-"+rand.Text()) // a folder without objects is in no list
	for range attempts {
		err := f.objects.MkdirAll(inside, 0o700)
		if err == nil {
			return func(failed bool) {
				_ = f.objects.Remove(inside)
				for above := folder; failed && above != bucket && f.objects.Remove(above) == nil; {
					above = path.Dir(above)
				}
			}
		}
		if !errors.Is(err, fs.ErrNotExist) { // else it was removed meanwhile
			break
		}
	}
	return nothing
}
