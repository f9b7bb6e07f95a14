package services

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/deploy/local/state"
)

func TestFoldersOfKilledRunsAreRemoved(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	left := filepath.Join(parent, "services-1")
	require.NoError(t, os.MkdirAll(filepath.Join(left, "mariadb"), 0o700))
	running, err := state.Open(filepath.Join(parent, "services-2"))
	require.NoError(t, err)
	defer running.Close()

	own, err := newFolder(parent)
	require.NoError(t, err)
	defer own.Close()
	require.NoDirExists(t, left)
	require.DirExists(t, running.Path)
	require.DirExists(t, own.Path)
}
