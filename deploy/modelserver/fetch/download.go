package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// What an archive and its contents may have at most: bytes each, and files and folders.
const (
	mostBytes   = 512 << 20
	mostEntries = 1000
)

var errTooLarge = errors.New("the archive is larger than a model may be")

// client follows to another address, but not from https to http.
var client = &http.Client{
	Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
	},
	CheckRedirect: func(next *http.Request, past []*http.Request) error {
		if past[len(past)-1].URL.Scheme == "https" && next.URL.Scheme != "https" {
			return errors.New("it leads from https to " + next.URL.Scheme)
		}
		if len(past) > 10 {
			return errors.New("it leads round and round")
		}
		return nil
	},
}

// download unpacks what the address gives into the folder, and checks that it adds up to sum if there is one.
func download(ctx context.Context, address, sum, folder string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New("the answer is " + response.Status)
	}
	adding := sha256.New()
	archive := &bounded{io.TeeReader(response.Body, adding), mostBytes}
	if err := unpack(archive, folder, mostBytes); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, archive); err != nil { // what follows the last file adds up too
		return err
	}
	if got := hex.EncodeToString(adding.Sum(nil)); sum != "" && !strings.EqualFold(got, strings.TrimSpace(sum)) {
		return fmt.Errorf("the archive adds up to %s, not to what MODEL_SHA256 says", got)
	}
	return nil
}

// unpack writes the files of a tar.gz below the folder: files and folders only, nothing outside of it, and no more bytes than
// most.
func unpack(archive io.Reader, folder string, most int64) error {
	compressed, err := gzip.NewReader(archive)
	if err != nil {
		return fmt.Errorf("it is no tar.gz: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	contents := tar.NewReader(&bounded{compressed, most})
	for range mostEntries {
		entry, err := contents.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("it is no tar.gz: %w", err)
		}
		name := filepath.Clean(filepath.FromSlash(entry.Name))
		switch entry.Typeflag {
		case tar.TypeDir:
			err = root.MkdirAll(name, 0o755)
		case tar.TypeReg:
			err = write(root, name, contents)
		default:
			err = fmt.Errorf("%q in the archive is neither a file nor a folder", entry.Name)
		}
		if err != nil {
			return err
		}
	}
	return errTooLarge
}

func write(root *os.Root, name string, contents io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, contents)
	return errors.Join(err, file.Close())
}

// bounded fails where io.LimitReader would give an end, which looks like that of the file.
type bounded struct {
	io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}
