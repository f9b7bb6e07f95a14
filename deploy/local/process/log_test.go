package process

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLogKeepsTheLastLinesAndBoundsItsFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	log, err := NewLog(path)
	require.NoError(t, err)
	filler := strings.Repeat("x", 1000)
	const lines = 3 * fileLimit / 1000
	for i := range lines {
		_, err := fmt.Fprintf(log, "%d %s\n", i, filler)
		require.NoError(t, err)
	}

	kept, all := log.After(0)
	require.Equal(t, lines, all)
	require.LessOrEqual(t, len(kept), keptLines)
	require.Equal(t, fmt.Sprintf("%d %s", lines-1, filler), kept[len(kept)-1].Text)
	for _, name := range []string{path, path + ".1"} {
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.LessOrEqual(t, info.Size(), int64(fileLimit+2000))
	}
}

func TestLogAfterReturnsNewLines(t *testing.T) {
	t.Parallel()
	log, err := NewLog(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	_, _ = log.Write([]byte("first\nsec"))
	lines, seen := log.After(0)
	require.Len(t, lines, 1)

	_, _ = log.Write([]byte("ond\n"))
	lines, seen = log.After(seen)
	require.Len(t, lines, 1)
	require.Equal(t, "second", lines[0].Text)
	lines, _ = log.After(seen)
	require.Empty(t, lines)
}

func TestLogSplitsEndlessLines(t *testing.T) {
	t.Parallel()
	log, err := NewLog(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	for range 100 {
		_, _ = log.Write([]byte(strings.Repeat("x", 1000)))
	}
	lines, _ := log.After(0)
	require.NotEmpty(t, lines)
	for _, line := range lines {
		require.LessOrEqual(t, len(line.Text), longestLine)
	}
}
