// Package s3 is the object store for a machine without MinIO: versitygw as a library, which stores each object as a file.
package s3

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3err"
)

const (
	// Region is the region of signatures.
	Region = "us-east-1"
	// Requests to healthPath need no signature.
	healthPath = "/healthz"
	// maxCopy limits CopyObject, in bytes. Without it versitygw refuses every copy.
	maxCopy = 5 << 30
	// maxConnections is twice the number of concurrent requests.
	maxConnections = 512
)

// Environment variables of Serve.
const (
	envDir     = "S3_DIR"
	envPort    = "S3_PORT"
	envAccess  = "S3_ACCESS_KEY"
	envSecret  = "S3_SECRET_KEY"
	envUsers   = "S3_USERS" // ACCESS_KEY:SECRET_KEY, separated by spaces
	envEvents  = "S3_EVENT_URL"
	envOrigins = "S3_ORIGINS"
)

// Serve serves on 127.0.0.1 until ctx ends, with the settings that Process sets in the environment.
func Serve(ctx context.Context) error {
	dir := os.Getenv(envDir)
	port, err := strconv.Atoi(os.Getenv(envPort))
	if dir == "" || err != nil {
		return fmt.Errorf("this command is for snaptask run only: %s and %s must be set", envDir, envPort)
	}
	objects := filepath.Join(dir, "objects")
	if err := os.MkdirAll(objects, 0o700); err != nil {
		return err
	}
	options := posix.PosixOpts{
		Concurrency:         maxConnections,
		CopyObjectThreshold: maxCopy,
		ForceNoObjLockFile:  true, // no other process writes here
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
	filter, err := eventFilter(dir)
	if err != nil {
		return err
	}
	// versitygw prints the URL of events, with its password, and nothing else that matters; its errors go to stderr.
	if os.Stdout, err = os.OpenFile(os.DevNull, os.O_WRONLY, 0); err != nil {
		return err
	}
	root, err := os.OpenRoot(objects)
	if err != nil {
		return err
	}
	defer root.Close()
	return embedgw.RunVersityGW(ctx, folders{backend, root}, &embedgw.Config{
		RootUserAccess:    os.Getenv(envAccess),
		RootUserSecret:    os.Getenv(envSecret),
		IAMService:        newAccounts(os.Getenv(envUsers)),
		Region:            Region,
		Ports:             []string{"127.0.0.1:" + strconv.Itoa(port)},
		MaxConnections:    maxConnections,
		MaxRequests:       maxConnections / 2,
		MultipartMaxParts: 10_000,
		HealthPath:        healthPath,
		KeepAlive:         true,
		Quiet:             true,
		DisableACLs:       true,
		CORSAllowOrigin:   os.Getenv(envOrigins),
		// It does not start while the URL refuses connections, tries once to post an event, and waits three seconds for the answer.
		EventWebhookURL:     os.Getenv(envEvents),
		EventConfigFilePath: filter,
	})
}

// eventFilter writes the file that restricts events to objects that are stored; versitygw can't restrict them to a prefix.
func eventFilter(dir string) (file string, err error) {
	file = filepath.Join(dir, "events.json")
	return file, os.WriteFile(file, []byte(`{"s3:ObjectCreated:*": true}`), 0o600)
}

// accounts are users that can't be changed. The buckets' policies determine what each may do.
type accounts struct {
	auth.IAMService // without users; it refuses changes
	users           map[string]auth.Account
}

func newAccounts(keys string) accounts {
	users := map[string]auth.Account{}
	for _, pair := range strings.Fields(keys) {
		access, secret, _ := strings.Cut(pair, ":")
		users[access] = auth.Account{Access: access, Secret: secret, Role: auth.RoleUser}
	}
	return accounts{auth.NewIAMServiceSingle(auth.Account{}), users}
}

// GetUserAccount returns the user with this access key.
func (a accounts) GetUserAccount(access string) (auth.Account, error) {
	user, ok := a.users[access]
	if !ok {
		return auth.Account{}, s3err.GetAPIError(s3err.ErrAdminUserNotFound)
	}
	return user, nil
}

// ResolveAccounts returns those of the access keys that no user has.
func (a accounts) ResolveAccounts(keys []string) (unknown []string, err error) {
	for _, access := range keys {
		if _, ok := a.users[access]; !ok {
			unknown = append(unknown, access)
		}
	}
	return unknown, nil
}

// metadata stores the metadata of objects in extended attributes or, if the file system has none, in the folder sidecar. Once
// that folder exists, it stays in use.
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
