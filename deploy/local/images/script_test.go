package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// script runs deploy/images/build with stand-ins for the named tools, which only write down how they were called, and no
// other docker or faas-cli.
func script(t *testing.T, tools ...string) (calls []string, output string, err error) {
	t.Helper()
	folder := t.TempDir()
	log := filepath.Join(folder, "calls")
	for _, tool := range tools {
		stand := fmt.Sprintf("#!/bin/sh\necho %s \"$@\" >>%q\n", tool, log)
		require.NoError(t, os.WriteFile(filepath.Join(folder, tool), []byte(stand), 0o755))
	}
	for _, tool := range []string{"bash", "dirname", "git"} {
		path, err := exec.LookPath(tool)
		require.NoError(t, err)
		require.NoError(t, os.Symlink(path, filepath.Join(folder, tool)))
	}
	command := exec.CommandContext(t.Context(), filepath.Join(folder, "bash"), filepath.Join(repository, "deploy/images/build"))
	command.Env = []string{"PATH=" + folder, "IMAGE_PREFIX=registry:5000/snap", "IMAGE_TAG=7"}
	text, err := command.CombinedOutput()
	recorded, readErr := os.ReadFile(log)
	if readErr == nil {
		calls = strings.Split(strings.TrimSpace(string(recorded)), "\n")
	}
	return calls, string(text), err
}

func TestTheScriptBuildsEveryImage(t *testing.T) {
	t.Parallel()
	calls, output, err := script(t, "docker", "faas-cli")
	require.NoError(t, err, output)
	require.Len(t, calls, len(plain)+1)
	for name, file := range plain {
		start := fmt.Sprintf("docker build --file %s --tag registry:5000/snap/%s:7 --build-arg VERSION=7 --build-arg REVISION=", file, name)
		require.True(t, slices.ContainsFunc(calls, func(call string) bool {
			return strings.HasPrefix(call, start) && strings.HasSuffix(call, " .")
		}), "%s: %q", name, calls)
	}
	require.Contains(t, calls[len(plain)], "faas-cli build --yaml stack.yml --build-arg VERSION=7 --build-arg REVISION=")
}

func TestTheScriptNamesEveryToolThatIsMissing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ here, missing []string }{
		"all":      {nil, []string{"docker", "faas-cli"}},
		"faas-cli": {[]string{"docker"}, []string{"faas-cli"}},
		"docker":   {[]string{"faas-cli"}, []string{"docker"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls, output, err := script(t, c.here...)
			require.Error(t, err)
			require.Empty(t, calls, "nothing is built")
			require.Equal(t, len(c.missing), strings.Count(output, "\n"), output)
			for _, tool := range c.missing {
				require.Regexp(t, `(?m)^`+tool+` is missing: .*https://docs\.`, output)
			}
		})
	}
}
