package mariadb

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnpackIsAtomic(t *testing.T) {
	t.Parallel()
	cache, root := t.TempDir(), filepath.Join(t.TempDir(), "root")
	_, err := unpack(t.Context(), cache, root)
	require.ErrorContains(t, err, "downloads nothing")

	require.NoError(t, os.WriteFile(filepath.Join(cache, "broken.deb"), []byte("no archive"), 0o600))
	_, err = unpack(t.Context(), cache, root)
	require.ErrorContains(t, err, "broken.deb")
	require.NoDirExists(t, root)
}
