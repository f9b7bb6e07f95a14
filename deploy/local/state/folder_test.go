package state

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFolderIsLockedByOneProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	first, err := Open(path)
	require.NoError(t, err)

	_, err = Open(path)
	require.ErrorIs(t, err, ErrInUse)
	require.ErrorContains(t, err, path)

	require.NoError(t, first.Close())
	second, err := Open(path)
	require.NoError(t, err)
	require.NoError(t, second.Close())
}

func TestSecretsAreCreatedOnceForTheOwnerOnly(t *testing.T) {
	t.Parallel()
	folder, err := Open(t.TempDir())
	require.NoError(t, err)
	defer folder.Close()

	first, err := folder.Secret("keys/one")
	require.NoError(t, err)
	require.Regexp(t, "^[0-9a-f]{48}$", first)
	again, err := folder.Secret("keys/one")
	require.NoError(t, err)
	require.Equal(t, first, again)
	other, err := folder.Secret("keys/two")
	require.NoError(t, err)
	require.NotEqual(t, first, other)

	info, err := os.Stat(filepath.Join(folder.Path, "keys/one"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	info, err = os.Stat(filepath.Join(folder.Path, "keys"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
}

func TestFailedCreateWritesNothing(t *testing.T) {
	t.Parallel()
	folder, err := Open(t.TempDir())
	require.NoError(t, err)
	defer folder.Close()

	broken := errors.New("broken")
	_, err = folder.LoadOrCreate("key", func() ([]byte, error) { return nil, broken })
	require.ErrorIs(t, err, broken)
	made, err := folder.LoadOrCreate("key", func() ([]byte, error) { return []byte("good"), nil })
	require.NoError(t, err)
	require.Equal(t, "good", string(made))
}
