package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// get returns the answer to a request.
func get(t *testing.T, url string) (status int, body []byte) {
	t.Helper()
	answer, err := http.Get(url)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err = io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, body
}

func TestMirrorServesTheArchiveAsDownloaded(t *testing.T) {
	good := archive(t, "saved_model.pb", "variables/variables.index")
	server := serve(t, map[string][]byte{"good": good, "page": []byte("<html>Sign in</html>"), "other": archive(t, "readme.txt")})
	sum := sha256.Sum256(good)
	t.Setenv("MODEL_URLS", server+"/page "+server+"/other "+server+"/good")
	t.Setenv("MODEL_SHA256", "")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	ctx, cancel := context.WithCancel(t.Context())
	folder, done := t.TempDir(), make(chan error, 1)
	go func() { done <- run(ctx, []string{"-to", folder, "-serve", address}) }()
	require.Eventually(t, func() bool { _, err := os.Stat(filepath.Join(folder, archiveName)); return err == nil }, time.Minute, time.Millisecond)

	t.Run("to the fetch of another pod", func(t *testing.T) {
		t.Setenv("MODEL_URLS", "http://"+address+"/model.tar.gz")
		t.Setenv("MODEL_SHA256", hex.EncodeToString(sum[:]))
		otherwise, to := place(t)
		require.NoError(t, run(t.Context(), []string{"-to", to, "-otherwise", otherwise, "-wait", "1m"}))
		require.Equal(t, []string{"2/saved_model.pb", "2/variables/variables.index"}, files(t, to))
	})
	status, body := get(t, "http://"+address+"/model.tar.gz")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, good, body)
	require.Equal(t, []string{"model.tar.gz"}, files(t, folder), "nothing else is kept")
	for path, want := range map[string]int{"/healthz": 200, "/": 404, "/../etc/passwd": 404} {
		status, _ := get(t, "http://"+address+path)
		require.Equal(t, want, status, path)
	}
	cancel()
	require.NoError(t, <-done)
}

func TestMirrorWithoutAnArchiveIsReady(t *testing.T) {
	server := serve(t, map[string][]byte{"good": archive(t, "saved_model.pb")})
	for name, c := range map[string]struct{ urls, sum string }{
		"no address":  {"", ""},
		"not found":   {server + "/none", ""},
		"another sum": {server + "/good", strings.Repeat("0", 64)},
	} {
		t.Setenv("MODEL_URLS", c.urls)
		t.Setenv("MODEL_SHA256", c.sum)
		folder := t.TempDir()
		done, err := first(t.Context(), time.Second, func(address string) error {
			return store(t.Context(), address, filepath.Join(folder, archiveName))
		})
		require.NoError(t, err, name)
		require.False(t, done, name)
		left, err := os.ReadDir(folder)
		require.NoError(t, err)
		require.Empty(t, left, name)
		mirror := httptest.NewServer(serving(filepath.Join(folder, archiveName)))
		for path, want := range map[string]int{"/healthz": 200, "/model.tar.gz": 404} {
			status, _ := get(t, mirror.URL+path)
			require.Equal(t, want, status, name)
		}
		mirror.Close()
	}
}
