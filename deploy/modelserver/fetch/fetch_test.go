package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// archive is a tar.gz of files, by name; a name with / at its end is a folder, and -> makes a link.
func archive(t *testing.T, entries ...string) []byte {
	t.Helper()
	var text bytes.Buffer
	compressed := gzip.NewWriter(&text)
	out := tar.NewWriter(compressed)
	for _, name := range entries {
		header := &tar.Header{Name: name, Mode: 0o666, Typeflag: tar.TypeReg, Size: int64(len(name))}
		link, target, isLink := strings.Cut(name, "->")
		switch {
		case isLink:
			header.Name, header.Linkname, header.Typeflag, header.Size = link, target, tar.TypeSymlink, 0
		case strings.HasSuffix(name, "/"):
			header.Typeflag, header.Size = tar.TypeDir, 0
		}
		require.NoError(t, out.WriteHeader(header))
		if header.Size > 0 {
			_, err := io.WriteString(out, name)
			require.NoError(t, err)
		}
	}
	require.NoError(t, out.Close())
	require.NoError(t, compressed.Close())
	return text.Bytes()
}

// serve answers /NAME with the bytes of that name.
func serve(t *testing.T, files map[string][]byte) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch body, ok := files[strings.Trim(r.URL.Path, "/")]; {
		case r.URL.Path == "/elsewhere":
			http.Redirect(w, r, "/good", http.StatusFound)
		case !ok:
			http.NotFound(w, r)
		default:
			w.Write(body)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// place returns two folders, one with a bundled model and an empty one.
func place(t *testing.T) (otherwise, to string) {
	t.Helper()
	folder := t.TempDir()
	otherwise, to = filepath.Join(folder, "hand"), filepath.Join(folder, "served")
	require.NoError(t, os.MkdirAll(filepath.Join(otherwise, "1"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(otherwise, "1/saved_model.pb"), []byte("small"), 0o444))
	return otherwise, to
}

// files lists the files below the folder.
func files(t *testing.T, folder string) []string {
	t.Helper()
	var all []string
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			path, err = filepath.Rel(folder, path)
			all = append(all, path)
		}
		return err
	}))
	return all
}

func TestFirstDownloadableModelIsUsed(t *testing.T) {
	good := archive(t, "./", "./saved_model.pb", "variables/", "variables/variables.index", "assets/deep/names.txt")
	server := serve(t, map[string][]byte{"good": good})
	sum := sha256.Sum256(good)
	for _, c := range []struct{ urls, sum string }{
		{server + "/good", ""},
		{server + "/elsewhere", strings.ToUpper(hex.EncodeToString(sum[:]))},
		{"http://127.0.0.1:1/\n" + server + "/none " + server + "/good", ""},
	} {
		t.Setenv("MODEL_URLS", c.urls)
		t.Setenv("MODEL_SHA256", c.sum)
		otherwise, to := place(t)
		require.NoError(t, run(t.Context(), []string{"-to", to, "-otherwise", otherwise, "-wait", "1s"}))
		require.Equal(t, []string{"2/assets/deep/names.txt", "2/saved_model.pb", "2/variables/variables.index"}, files(t, to))

		t.Setenv("MODEL_URLS", server+"/none")
		require.NoError(t, run(t.Context(), []string{"-to", to, "-otherwise", otherwise}), "when its container starts again")
		require.Len(t, files(t, to), 3)
	}
}

func TestServerThatRefusesConnectionsIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		open := time.Now().Add(3 * time.Second)
		require.NoError(t, again(t.Context(), 10*time.Second, func() error {
			if time.Now().Before(open) {
				return &url.Error{Op: "Get", Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}
			}
			return nil
		}))
		began := time.Now()
		require.Error(t, again(t.Context(), 10*time.Second, func() error { return errors.New("the server answered 404 Not Found") }))
		require.Zero(t, time.Since(began))
	})
}

func TestBrokenArchivesAreRefused(t *testing.T) {
	good := archive(t, "saved_model.pb")
	server := serve(t, map[string][]byte{
		"good": good, "page": []byte("<html>Sign in</html>"), "cut": good[:len(good)/2], "other": archive(t, "readme.txt"),
		"outside": archive(t, "saved_model.pb", "../outside"), "absolute": archive(t, "saved_model.pb", "/outside"),
		"link": archive(t, "x->..", "saved_model.pb"), "through": archive(t, "saved_model.pb/", "saved_model.pb/x"),
		"twice": archive(t, "saved_model.pb", "saved_model.pb"), "many": archive(t, manyNames()...),
	})
	for name, sum := range map[string]string{
		"page": "", "cut": "", "other": "", "outside": "", "absolute": "", "link": "", "through": "", "twice": "", "many": "", "none": "",
		"good": strings.Repeat("0", 64),
	} {
		t.Setenv("MODEL_URLS", server+"/"+name)
		t.Setenv("MODEL_SHA256", sum)
		otherwise, to := place(t)
		require.NoError(t, run(t.Context(), []string{"-to", to, "-otherwise", otherwise}), name)
		require.Equal(t, []string{"1/saved_model.pb"}, files(t, to), name)
		require.NoFileExists(t, filepath.Join(filepath.Dir(to), "outside"), name)
	}
}

func manyNames() []string {
	names := []string{"saved_model.pb"}
	for range maxEntries {
		names = append(names, "folder/")
	}
	return names
}

func TestCompressedAndUnpackedSizeAreLimited(t *testing.T) {
	text := archive(t, "saved_model.pb", "variables/variables.data")
	require.NoError(t, unpack(bytes.NewReader(text), t.TempDir(), 4096))
	require.ErrorIs(t, unpack(bytes.NewReader(text), t.TempDir(), 600), errTooLarge)
	require.ErrorIs(t, unpack(&bounded{bytes.NewReader(text), 100}, t.TempDir(), 4096), errTooLarge)
}

func TestRedirectsToTLSAreFollowedButNotFromTLS(t *testing.T) {
	plain := serve(t, map[string][]byte{"good": archive(t, "saved_model.pb")})
	mux := http.NewServeMux()
	secure := httptest.NewTLSServer(mux)
	defer secure.Close()
	mux.Handle("/from", http.RedirectHandler(plain+"/good", http.StatusFound))
	mux.HandleFunc("/good", func(http.ResponseWriter, *http.Request) {})
	there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, secure.URL+r.URL.Path, http.StatusFound)
	}))
	defer there.Close()
	trusting := *client
	trusting.Transport = secure.Client().Transport
	for _, address := range []string{secure.URL + "/from", there.URL + "/from"} {
		_, err := trusting.Get(address)
		require.ErrorContains(t, err, "from https to http")
	}
	answer, err := trusting.Get(there.URL + "/good")
	require.NoError(t, err)
	answer.Body.Close()
}

func TestFailsWithoutAnyModel(t *testing.T) {
	t.Setenv("MODEL_URLS", "")
	_, to := place(t)
	for _, args := range [][]string{
		{"-to", to, "-otherwise", t.TempDir()}, {"-to", to, "-otherwise", "/nowhere"}, {"-to", to}, {"-otherwise", to}, {"-to", to, "-otherwise", to, "more"},
		{"-to", to, "-otherwise", to, "-serve", ":0"},
	} {
		require.Error(t, run(t.Context(), args), args)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	t.Setenv("MODEL_URLS", "http://127.0.0.1:1/")
	otherwise, to := place(t)
	require.ErrorIs(t, run(ended, []string{"-to", to, "-otherwise", otherwise}), context.Canceled)
}
