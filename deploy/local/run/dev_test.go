package run

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func TestWatchReportsChangedGoFiles(t *testing.T) {
	t.Parallel()
	const interval = 20 * time.Millisecond
	folder := t.TempDir()
	write(t, filepath.Join(folder, "a", "a.go"), "package a")
	ctx, cancel := context.WithCancel(t.Context())
	changes, ended := make(chan struct{}, 100), make(chan struct{})
	go func() {
		defer close(ended)
		watch(ctx, interval, []string{folder}, func() { changes <- struct{}{} })
	}()

	time.Sleep(10 * interval) // the first check is over
	write(t, filepath.Join(folder, "a", "a_test.go"), "package a")
	write(t, filepath.Join(folder, "a", "notes.md"), "notes")
	time.Sleep(10 * interval)
	require.Empty(t, changes, "tests and documents are not part of the program")

	for name, change := range map[string]func(){
		"a new file in a new folder": func() { write(t, filepath.Join(folder, "b", "b.go"), "package b") },
		"a changed file":             func() { write(t, filepath.Join(folder, "a", "a.go"), "package a // changed") },
		"a removed file":             func() { require.NoError(t, os.Remove(filepath.Join(folder, "a", "a.go"))) },
	} {
		change()
		select {
		case <-changes:
		case <-time.After(20 * time.Second):
			t.Fatal(name + " is not reported")
		}
		write(t, filepath.Join(folder, "a", "a.go"), "package a // again")
		time.Sleep(10 * interval)
		for len(changes) > 0 {
			<-changes
		}
	}
	cancel()
	<-ended
}

func TestFailedBuildPrintsErrorsAndKeepsTheProgram(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	program := filepath.Join(t.TempDir(), "program")
	write(t, filepath.Join(root, "go.mod"), "module example\n")
	source := filepath.Join(root, "main.go")
	say := func() string {
		out, err := exec.CommandContext(t.Context(), program).CombinedOutput()
		require.NoError(t, err)
		return string(out)
	}

	write(t, source, "package main\n\nfunc main() { print(1) }\n")
	require.NoError(t, build(t.Context(), root, ".", program))
	require.Equal(t, "1", say())
	write(t, source, "package main\n\nfunc main() { print(undefined) }\n")
	require.ErrorContains(t, build(t.Context(), root, ".", program), "main.go:3:21: undefined: undefined")
	require.Equal(t, "1", say())
	write(t, source, "package main\n\nfunc main() { print(2) }\n")
	require.NoError(t, build(t.Context(), root, ".", program))
	require.Equal(t, "2", say())
}
