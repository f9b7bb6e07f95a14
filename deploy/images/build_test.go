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

// script runs deploy/images/build with stand-ins for the named tools, which only record how they were called.
func script(t *testing.T, tools []string, settings ...string) (calls []string, output string, err error) {
	t.Helper()
	folder := t.TempDir()
	log := filepath.Join(folder, "calls")
	for _, tool := range tools {
		stand := fmt.Sprintf("#!/bin/sh\necho %s \"$@\" >>%q\n", tool, log)
		require.NoError(t, os.WriteFile(filepath.Join(folder, tool), []byte(stand), 0o755))
	}
	for _, tool := range []string{"bash", "cp", "dirname", "git", "mkdir", "rm", "sed"} {
		path, err := exec.LookPath(tool)
		require.NoError(t, err)
		require.NoError(t, os.Symlink(path, filepath.Join(folder, tool)))
	}
	command := exec.CommandContext(t.Context(), filepath.Join(folder, "bash"), "build")
	command.Env = append([]string{"PATH=" + folder, "IMAGE_PREFIX=registry:5000/snap", "IMAGE_TAG=7"}, settings...)
	text, err := command.CombinedOutput()
	if recorded, err := os.ReadFile(log); err == nil {
		calls = strings.Split(strings.TrimSpace(string(recorded)), "\n")
	}
	return calls, string(text), err
}

func TestTheScriptBuildsEveryImage(t *testing.T) {
	t.Parallel()
	images, err := list(repository)
	require.NoError(t, err)
	const platforms = "buildx build --platform linux/amd64,linux/arm64 --sbom=true --provenance=mode=max --push"
	for build, settings := range map[string][]string{"build": nil, platforms: {"PLATFORMS=linux/amd64,linux/arm64"}} {
		calls, output, err := script(t, []string{"docker", "faas-cli"}, settings...)
		require.NoError(t, err, output)
		for name, i := range images {
			file, end := i.Dockerfile, " ."
			if i.Handler != "" {
				if settings == nil {
					continue
				}
				file, end = "build/"+name+"/Dockerfile", " --build-arg FUNCTION="+name+" build/"+name
			}
			start := fmt.Sprintf("docker %s --file %s --tag registry:5000/snap/%s:7 --build-arg VERSION=7 --build-arg REVISION=", build, file, name)
			require.True(t, slices.ContainsFunc(calls, func(call string) bool {
				return strings.HasPrefix(call, start) && strings.HasSuffix(call, end)
			}), "%s: %q", name, calls)
		}
		const wanted = "faas-cli build --yaml stack.yml --build-arg VERSION=7 --build-arg REVISION="
		require.Equal(t, settings == nil, slices.ContainsFunc(calls, func(call string) bool { return strings.HasPrefix(call, wanted) }), calls)
	}
}

func TestTheScriptNamesEveryMissingTool(t *testing.T) {
	t.Parallel()
	for _, missing := range [][]string{{"docker", "faas-cli"}, {"faas-cli"}, {"docker"}} {
		here := slices.DeleteFunc([]string{"docker", "faas-cli"}, func(tool string) bool { return slices.Contains(missing, tool) })
		calls, output, err := script(t, here)
		require.Error(t, err)
		require.Empty(t, calls, "nothing is built")
		require.Equal(t, len(missing), strings.Count(output, "\n"), output)
		for _, tool := range missing {
			require.Regexp(t, `(?m)^`+tool+` is missing: .*https://docs\.`, output)
		}
	}
}

func TestTheScriptRefusesADigestAsTheTagOfAllImages(t *testing.T) {
	t.Parallel()
	for _, tag := range []string{"dev@sha256:0123", "sha256:0123", "a b", "-x"} {
		calls, output, err := script(t, []string{"docker", "faas-cli"}, "IMAGE_TAG="+tag)
		require.Error(t, err)
		require.Empty(t, calls, "nothing is built")
		require.Contains(t, output, "IMAGE_TAG="+tag+" is not a tag")
	}
}
