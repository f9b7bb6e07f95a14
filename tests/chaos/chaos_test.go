package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestNothingIsLostWhenProcessesAreKilled is a short run; `make chaos` makes a longer one.
func TestNothingIsLostWhenProcessesAreKilled(t *testing.T) {
	t.Parallel()
	const root = "../../"
	found, err := run(t.Context(), options{
		program: root + ".snaptask/bin/snaptask", photos: root + "webapp/e2e/photos", load: 12 * time.Second, seed: 3,
	})
	t.Logf("%s", found)
	require.NoError(t, err)
	require.Empty(t, found.Violations())
	require.NotEmpty(t, found.Deaths())
	there, pictures := found.Compared()
	require.NotZero(t, there)
	require.NotZero(t, pictures)
}
