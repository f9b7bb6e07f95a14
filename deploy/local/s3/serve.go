// Package s3 is the object store of a machine without MinIO: versitygw, which keeps each object as a file, run as a library
// in a process of its own.
package s3

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

const (
	// Region is what requests are signed for.
	Region = "us-east-1"
	// healthPath answers 200 without a signature once the server serves.
	healthPath = "/healthz"
	// largestCopy bounds CopyObject, in bytes; without it versitygw refuses every copy.
	largestCopy = 5 << 30
	// connections bounds what the server holds open and, by half of it, answers at once.
	connections = 512
)

// Settings of the server's process, from its environment.
const (
	envDir    = "S3_DIR"
	envPort   = "S3_PORT"
	envAccess = "S3_ACCESS_KEY"
	envSecret = "S3_SECRET_KEY"

	envUserAccess = "S3_USER_ACCESS_KEY"
	envUserSecret = "S3_USER_SECRET_KEY"
)

// Serve is the main function of the server's process: it serves on 127.0.0.1 until ctx ends.
func Serve(ctx context.Context) error {
	dir := os.Getenv(envDir)
	port, err := strconv.Atoi(os.Getenv(envPort))
	if dir == "" || err != nil {
		return fmt.Errorf("this mode is for the runner only: %s and %s must be set", envDir, envPort)
	}
	objects := filepath.Join(dir, "objects")
	if err := os.MkdirAll(objects, 0o700); err != nil {
		return err
	}
	options := posix.PosixOpts{
		Concurrency:         connections,
		CopyObjectThreshold: largestCopy,
		ForceNoObjLockFile:  true, // for nobody else writes here
	}
	options.SetNewDirPerm(0o700)
	options.SetNewFilePerm(0o600)
	storer, err := metadata(objects, filepath.Join(dir, "metadata"), &options)
	if err != nil {
		return err
	}
	backend, err := posix.New(objects, storer, options)
	if err != nil {
		return err
	}
	return embedgw.RunVersityGW(ctx, backend, &embedgw.Config{
		RootUserAccess: os.Getenv(envAccess),
		RootUserSecret: os.Getenv(envSecret),
		// The one account beside the administrator's; it may do what the policies of buckets allow it.
		IAMService: auth.NewIAMServiceSingle(auth.Account{
			Access: os.Getenv(envUserAccess), Secret: os.Getenv(envUserSecret), Role: auth.RoleUser,
		}),
		Region:            Region,
		Ports:             []string{"127.0.0.1:" + strconv.Itoa(port)},
		MaxConnections:    connections,
		MaxRequests:       connections / 2,
		MultipartMaxParts: 10_000,
		HealthPath:        healthPath,
		KeepAlive:         true,
		Quiet:             true,
		DisableACLs:       true,
	})
}

// metadata keeps what S3 knows of an object in the file's extended attributes, or in files of their own where the file
// system has no attributes. A folder of such files, once made, goes on being used.
func metadata(objects, sidecar string, options *posix.PosixOpts) (meta.MetadataStorer, error) {
	_, err := os.Stat(sidecar)
	if errors.Is(err, fs.ErrNotExist) && (meta.XattrMeta{}).Test(objects) == nil {
		return meta.XattrMeta{}, nil
	}
	if err := os.MkdirAll(sidecar, 0o700); err != nil {
		return nil, err
	}
	options.SideCarDir = sidecar
	return meta.NewSideCar(sidecar)
}
