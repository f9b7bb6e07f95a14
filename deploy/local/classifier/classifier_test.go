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
)

func TestMissingProgramIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "modelserver")
	t.Setenv(programVariable, path)
	_, err := New()
	require.ErrorIs(t, err, ErrNotBuilt)
	require.ErrorContains(t, err, path)
}

// The test serves on the listener that a model server would inherit.
func TestCheckAsksForTheModel(t *testing.T) {
	t.Setenv(programVariable, os.Args[0])
	server, err := New()
	require.NoError(t, err)
	spec := server.Process()
	require.Len(t, spec.Listeners, 2, "gRPC, then REST")

	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, spec.Check(ctx), context.DeadlineExceeded, "nothing serves yet, but the port is open")

	rest, err := net.FileListener(spec.Listeners[1])
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
	require.ErrorContains(t, spec.Check(t.Context()), "404")
	loaded.Store(true)
	require.NoError(t, spec.Check(t.Context()))
}
