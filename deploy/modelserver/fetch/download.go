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
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Limits on an archive: bytes, compressed and unpacked, and number of entries.
const (
	maxBytes   = 512 << 20
	maxEntries = 1000
)

var errTooLarge = errors.New("the archive is larger than the limit for models")

// client follows redirects, but not from https to http.
var client = &http.Client{
	Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
	},
	CheckRedirect: func(next *http.Request, past []*http.Request) error {
		if past[len(past)-1].URL.Scheme == "https" && next.URL.Scheme != "https" {
			return errors.New("redirect from https to " + next.URL.Scheme)
		}
		if len(past) > 10 {
			return errors.New("too many redirects")
		}
		return nil
	},
}

// download unpacks the archive at an address into a folder, and writes the archive itself to copied. If sum is not empty, the archive
// must have this SHA-256, which it logs in any case.
func download(ctx context.Context, address, sum, folder string, copied io.Writer) error {
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
		return errors.New("the server answered " + response.Status)
	}
	digest := sha256.New()
	archive := &bounded{io.TeeReader(response.Body, io.MultiWriter(digest, copied)), maxBytes}
	if err := unpack(archive, folder, maxBytes); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, archive); err != nil { // the digest includes what follows the last file
		return err
	}
	got := hex.EncodeToString(digest.Sum(nil))
	if sum != "" && !strings.EqualFold(got, strings.TrimSpace(sum)) {
		return fmt.Errorf("the archive has the SHA-256 %s, not MODEL_SHA256", got)
	}
	slog.Info("complete", "url", address, "sha256", got, "checked", sum != "")
	return nil
}

// unpack writes the files and folders of a tar.gz into a folder, nothing outside of it and at most limit bytes. It refuses
// entries of other kinds.
func unpack(archive io.Reader, folder string, limit int64) error {
	compressed, err := gzip.NewReader(archive)
	if err != nil {
		return fmt.Errorf("not a tar.gz: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	contents := tar.NewReader(&bounded{compressed, limit})
	for range maxEntries {
		entry, err := contents.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("not a tar.gz: %w", err)
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

// bounded is an io.LimitReader that fails at its limit, so that a truncated file is not mistaken for a complete one.
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
