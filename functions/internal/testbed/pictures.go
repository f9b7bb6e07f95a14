package testbed

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/classifier"
	"snaptask/functions/internal/objects"

	"github.com/google/uuid"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"
)

// Bucket is a bucket for one test.
type Bucket struct {
	objects.Config
	Names func() []string                // of the objects in it
	Put   func(name string, data []byte) // stores an object
}

// NewBucket creates a bucket on the test run's object store. It is deleted after the test.
func NewBucket(t testing.TB) Bucket {
	t.Helper()
	b := Bucket{Config: objects.Config{
		Endpoint: Setting(t, "TEST_S3_ENDPOINT"), Region: "us-east-1", Bucket: "test-" + uuid.NewString(),
		AccessKey: Setting(t, "TEST_S3_ACCESS_KEY"), SecretKey: Setting(t, "TEST_S3_SECRET_KEY"), Timeout: 5 * time.Second,
	}}
	endpoint, err := url.Parse(b.Endpoint)
	require.NoError(t, err)
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds: credentials.NewStaticV4(b.AccessKey, b.SecretKey, ""), Secure: endpoint.Scheme == "https", Region: b.Region,
	})
	require.NoError(t, err)
	ctx := context.Background()
	require.NoError(t, client.MakeBucket(ctx, b.Bucket, minio.MakeBucketOptions{Region: b.Region}))
	b.Names = func() []string {
		all := []string{}
		for object := range client.ListObjects(ctx, b.Bucket, minio.ListObjectsOptions{Recursive: true}) {
			require.NoError(t, object.Err)
			all = append(all, object.Key)
		}
		return all
	}
	b.Put = func(name string, data []byte) {
		_, err := client.PutObject(ctx, b.Bucket, name, bytes.NewReader(data), int64(len(data)), minio.PutObjectOptions{ContentType: "image/jpeg"})
		require.NoError(t, err)
	}
	t.Cleanup(func() {
		for _, name := range b.Names() {
			require.NoError(t, client.RemoveObject(ctx, b.Bucket, name, minio.RemoveObjectOptions{}))
		}
		require.NoError(t, client.RemoveBucket(ctx, b.Bucket))
	})
	return b
}

// Pictures returns a store of pictures on a NewBucket, and a function that lists its objects' names.
func Pictures(t testing.TB) (pictures *objects.Store, names func() []string) {
	t.Helper()
	b := NewBucket(t)
	pictures, err := objects.New(b.Config)
	require.NoError(t, err)
	return pictures, b.Names
}

// NoBucket returns a store of pictures whose server is unreachable.
func NoBucket(t testing.TB) *objects.Store {
	t.Helper()
	pictures, err := objects.New(objects.Config{
		Endpoint: "http://" + DeadAddress, Region: "us-east-1", Bucket: "none", AccessKey: "none", SecretKey: "nonesuch", Timeout: time.Second,
	})
	require.NoError(t, err)
	return pictures
}

// DeadAddress is a loopback address where nothing listens: no service uses port 1.
const DeadAddress = "127.0.0.1:1"

// Model returns a client of the model server at address, or of the test run's own if it is empty.
func Model(t testing.TB, address string) *classifier.Client {
	t.Helper()
	if address == "" {
		address = Setting(t, "TEST_CLASSIFIER_ADDRESS")
	}
	client, err := classifier.New(classifier.Config{Protocol: "grpc", Address: address, Model: "efficientnet", Timeout: 20 * time.Second})
	require.NoError(t, err)
	return client
}

// Photo returns one of the project's photos.
func Photo(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root(t), "webapp", "e2e", "photos", name))
	require.NoError(t, err)
	return data
}

// JPEG returns a small photo of one colour.
func JPEG(t testing.TB) []byte {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for i := range picture.Pix {
		picture.Pix[i] = color.RGBA{90, 120, 200, 255}.B - uint8(i%4)*20
	}
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, picture, nil))
	return b.Bytes()
}

// OfTask returns the names of the objects that belong to a task.
func OfTask(names []string, id string) []string {
	var of []string
	for _, n := range names {
		if strings.Contains(n, id) {
			of = append(of, n)
		}
	}
	return of
}
