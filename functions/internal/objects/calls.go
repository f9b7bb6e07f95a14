package objects

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	"github.com/minio/minio-go/v7"

	"snaptask/functions/internal/fault"
)

// maxObject is the most that Get reads, in bytes, far more than package picture produces.
const maxObject = 16 << 20

// Put stores the two JPEGs of a picture under a new key. When it fails, one of them may have been stored; Delete removes both.
// The fault is Unavailable.
func (s *Store) Put(ctx context.Context, key string, full, thumb []byte) error {
	err := s.both(ctx, func(ctx context.Context, size Size) error {
		data := full
		if size == Thumb {
			data = thumb
		}
		// A signed checksum: the server refuses bytes that were corrupted in transit.
		sum := sha256.Sum256(data)
		_, err := s.client.PutObject(ctx, s.bucket, name(key, size), bytes.NewReader(data), int64(len(data)), "",
			hex.EncodeToString(sum[:]), minio.PutObjectOptions{ContentType: "image/jpeg", DisableContentSha256: true})
		return err
	})
	if err != nil {
		return unavailable("put "+key, err)
	}
	return nil
}

// Get returns one JPEG of a picture. The fault is NotFound when it doesn't exist, else Unavailable.
func (s *Store) Get(ctx context.Context, key string, size Size) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	body, info, _, err := s.client.GetObject(ctx, s.bucket, name(key, size), minio.GetObjectOptions{})
	if missing(err) {
		return nil, &fault.Error{Kind: fault.NotFound, Code: "picture_not_found", Message: "There is no such photo.", Cause: err}
	}
	if err != nil {
		return nil, unavailable("get "+name(key, size), err)
	}
	defer body.Close()
	if info.Size < 0 || info.Size > maxObject {
		return nil, unavailable("get "+name(key, size), errors.New("larger than any picture"))
	}
	data := make([]byte, info.Size)
	if _, err := io.ReadFull(body, data); err != nil {
		return nil, unavailable("get "+name(key, size), err)
	}
	return data, nil
}

// Delete removes both objects of a picture, if they exist. The fault is Unavailable.
func (s *Store) Delete(ctx context.Context, key string) error {
	err := s.both(ctx, func(ctx context.Context, size Size) error {
		err := s.client.RemoveObject(ctx, s.bucket, name(key, size), minio.RemoveObjectOptions{})
		if missing(err) {
			return nil
		}
		return err
	})
	if err != nil {
		return unavailable("delete "+key, err)
	}
	return nil
}
