package classifier

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"snaptask/deploy/local/process"
)

func TestMissingProgramIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "modelserver")
	t.Setenv(programVariable, path)
	_, err := New()
	require.ErrorIs(t, err, ErrNotBuilt)
	require.ErrorContains(t, err, path)
}

// TestCheckAsksForTheModel has this test's process answer on the listener that a model server would inherit.
func TestCheckAsksForTheModel(t *testing.T) {
	t.Setenv(programVariable, os.Args[0])
	server, err := New()
	require.NoError(t, err)
	log, err := process.NewLog(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	files := server.Process(log).Files
	require.Len(t, files, 2, "gRPC, then REST")

	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, server.Check(ctx), context.DeadlineExceeded, "nobody serves yet, but the port is kept")

	rest, err := net.FileListener(files[1])
	require.NoError(t, err)
	defer rest.Close()
	var loaded atomic.Bool
	go func() {
		_ = http.Serve(rest, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !loaded.Load() || r.URL.Path != "/v1/models/"+Model {
				w.WriteHeader(http.StatusNotFound)
			}
			_, _ = io.WriteString(w, "{}")
		}))
	}()
	require.ErrorContains(t, server.Check(t.Context()), "404")
	loaded.Store(true)
	require.NoError(t, server.Check(t.Context()))
}
