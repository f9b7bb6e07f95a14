// Package state is the folder that outlives the runner: it is locked by one runner at a time, and keeps the secrets made
// at the first start.
package state

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// ErrInUse is what Open gives when another process holds the folder.
var ErrInUse = errors.New("a runner uses this state folder; end it with Ctrl-C first")

// Folder is a locked state folder.
type Folder struct {
	Path string // absolute
	lock *os.File
}

// Open makes the folder at path if it isn't there, and locks it until Close or the end of this process.
func Open(path string) (*Folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	lock, err := Lock(filepath.Join(path, "lock"), syscall.LOCK_NB)
	if err != nil {
		return nil, err
	}
	return &Folder{path, lock}, nil
}

// Lock takes the lock that the file at path stands for; how is 0, to wait for it, or syscall.LOCK_NB, to get ErrInUse when
// another process has it. Closing the file gives it back, as the end of the process does.
func Lock(path string, how int) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|how)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("%w: %s", ErrInUse, filepath.Dir(path))
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// Close gives the lock back.
func (f *Folder) Close() error { return f.lock.Close() }

// Dir gives the path of a folder inside, made if it isn't there, for the owner's eyes only.
func (f *Folder) Dir(elements ...string) (string, error) {
	dir := filepath.Join(append([]string{f.Path}, elements...)...)
	return dir, os.MkdirAll(dir, 0o700)
}

// Secret gives the random secret kept at path inside the folder, made at the first call: 48 hexadecimal digits, which
// need no quoting anywhere.
func (f *Folder) Secret(path string) (string, error) {
	kept, err := f.Keep(path, func() ([]byte, error) {
		random := make([]byte, 24)
		_, _ = rand.Read(random) // never fails
		return []byte(hex.EncodeToString(random) + "\n"), nil
	})
	return strings.TrimSpace(string(kept)), err
}

// Keep gives what is kept at path inside the folder; the first call has create make it.
func (f *Folder) Keep(path string, create func() ([]byte, error)) ([]byte, error) {
	path = filepath.Join(f.Path, path)
	kept, err := os.ReadFile(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return kept, err
	}
	made, err := create()
	if err != nil {
		return nil, err
	}
	return made, WriteFile(path, made)
}

// WriteFile puts content into the file at path, whole or not at all, readable for its owner only; folders on the way are
// made.
func WriteFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".new-") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
