// Package state manages the folder with everything that persists between runs of `snaptask run`, including the secrets created
// at the first start. One process at a time locks it.
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

// ErrInUse is the error of Open while another process has locked the folder.
var ErrInUse = errors.New("another snaptask uses this state folder; stop it with Ctrl-C first")

// Folder is a locked state folder.
type Folder struct {
	Path string // absolute
	lock *os.File
}

// Open creates the folder at path, unless it exists, and locks it until Close or the end of this process.
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

// Lock locks the file at path until it is closed or this process ends. If another process has locked it, Lock waits if how is
// 0, and returns ErrInUse if how is syscall.LOCK_NB.
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

// Close unlocks the folder.
func (f *Folder) Close() error { return f.lock.Close() }

// Secret returns the secret in the file at path inside the folder: 48 random hexadecimal digits, created by the first call.
func (f *Folder) Secret(path string) (string, error) {
	text, err := f.LoadOrCreate(path, func() ([]byte, error) {
		random := make([]byte, 24)
		_, _ = rand.Read(random) // never fails
		return []byte(hex.EncodeToString(random) + "\n"), nil
	})
	return strings.TrimSpace(string(text)), err
}

// LoadOrCreate returns the content of the file at path inside the folder; the first call creates it.
func (f *Folder) LoadOrCreate(path string, create func() ([]byte, error)) ([]byte, error) {
	path = filepath.Join(f.Path, path)
	content, err := os.ReadFile(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return content, err
	}
	if content, err = create(); err != nil {
		return nil, err
	}
	return content, WriteFile(path, content)
}

// WriteFile writes the file at path atomically, readable by its owner only. It creates missing folders.
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
