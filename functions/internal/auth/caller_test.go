package auth

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/functions/internal/config"
	"snaptask/functions/internal/fault"
)

func TestOnlyTheCallersOwnSecretIsAccepted(t *testing.T) {
	t.Parallel()
	caller := NewCaller("a secret of 16 or more")
	require.NoError(t, caller.Check("a secret of 16 or more"))
	for _, wrong := range []string{"", "a secret of 16 or mor", "a secret of 16 or more.", "A secret of 16 or more", "another"} {
		require.True(t, fault.Is(caller.Check(wrong), fault.Unauthorized), "%q", wrong)
	}
}

func TestAMissingOrShortCallersSecretIsAProblem(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("SECRETS_DIR", folder)
	for text, valid := range map[string]bool{"": false, "   \n": false, "0123456789abcde": false, "0123456789abcdef\n": true} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "event-token"), []byte(text), 0o600))
		c := config.New()
		OpenCaller(c, "event-token")
		require.Equal(t, valid, c.Err() == nil, "%q: %v", text, c.Err())
	}
	c := config.New()
	OpenCaller(c, "no-such-secret")
	require.Error(t, c.Err())
}
