// Package images holds the tests of the images: it does what faas-cli and an engine do with the Dockerfiles, without either, and
// starts what comes out.
package images

import (
	"debug/elf"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// plain are the images that are no function's, by name, with their Dockerfiles. All have the repository as their context.
var plain = map[string]string{
	"migrate":      "db/Dockerfile",
	"housekeeping": "functions/housekeeping/Dockerfile",
	"modelserver":  "deploy/modelserver/Dockerfile",
	"webapp":       "webapp/Dockerfile",
}

// buildArgs are those that an engine sets itself, and the function's.
func buildArgs(system string, more map[string]string) map[string]string {
	args := map[string]string{"TARGETOS": system, "TARGETARCH": runtime.GOARCH, "VERSION": "1.2.3", "REVISION": "abc"}
	maps.Copy(args, more)
	return args
}

func (s stack) build(t *testing.T, name, system string) *image {
	t.Helper()
	context := s.layOut(t, name)
	return build(t, filepath.Join(context, "Dockerfile"), context, buildArgs(system, s.Functions[name].BuildArgs))
}

func buildPlain(t *testing.T, name, system string) *image {
	t.Helper()
	return build(t, filepath.Join(repository, plain[name]), repository, buildArgs(system, nil))
}

func TestEveryFunctionBecomesAnImage(t *testing.T) {
	t.Parallel()
	s := readStack(t)
	folders, err := filepath.Glob(filepath.Join(repository, "functions/*/handler.go"))
	require.NoError(t, err)
	require.NotEmpty(t, folders)
	for _, path := range folders {
		name := filepath.Base(filepath.Dir(path))
		if name == "serve" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, s.Functions, name)
			i := s.build(t, name, "linux")
			requireSmallAndSafe(t, i, name)
			require.Equal(t, name, i.env["FUNCTION_NAME"])
			require.Equal(t, []string{"8080", "8081"}, i.ports)
			require.Equal(t, []string{"/program"}, i.entrypoint)
		})
	}
}

func TestEveryOtherImage(t *testing.T) {
	t.Parallel()
	for name := range plain {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireSmallAndSafe(t, buildPlain(t, name, "linux"), name)
		})
	}
}

// requireSmallAndSafe sees that the image is one static program of less than 20 MB that runs as nobody in particular, and
// that it says what it is.
func requireSmallAndSafe(t *testing.T, i *image, name string) {
	t.Helper()
	require.Equal(t, "scratch", i.base)
	require.Regexp(t, `^[1-9]\d*:[1-9]\d*$`, i.user, "Kubernetes can tell only of a number that it isn't root")
	passwd, err := os.ReadFile(i.at("/etc/passwd"))
	require.NoError(t, err)
	require.Contains(t, string(passwd), ":x:"+i.user+":")
	require.Equal(t, "snaptask/"+name, i.labels["org.opencontainers.image.title"])
	require.Equal(t, "1.2.3", i.labels["org.opencontainers.image.version"])
	require.Equal(t, "abc", i.labels["org.opencontainers.image.revision"])
	require.NotEmpty(t, i.labels["org.opencontainers.image.description"])
	require.Contains(t, i.labels["org.opencontainers.image.licenses"], "MIT")

	program := i.at(i.entrypoint[0])
	info, err := os.Stat(program)
	require.NoError(t, err)
	require.Less(t, info.Size(), int64(20<<20))
	require.NotZero(t, info.Mode()&0o005, "the image's user may run it")
	file, err := elf.Open(program)
	require.NoError(t, err)
	defer file.Close()
	require.Nil(t, file.Section(".dynamic"), "there is nothing to link with in the image")
	require.Nil(t, file.Section(".debug_info"), "-ldflags \"-s -w\"")
	require.NoError(t, filepath.WalkDir(i.root, func(path string, _ fs.DirEntry, err error) error {
		require.NotRegexp(t, `\.go$`, path)
		return err
	}))
}

func TestDockerfilesNameExactVersions(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile(filepath.Join(repository, "functions/go.mod"))
	require.NoError(t, err)
	language := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(mod)
	require.NotNil(t, language)
	bases := map[string]bool{}
	for _, path := range append(slices.Collect(maps.Values(plain)), "template/snaptask-go/Dockerfile") {
		text, err := os.ReadFile(filepath.Join(repository, path))
		require.NoError(t, err)
		for _, from := range regexp.MustCompile(`(?m)^FROM (?:--\S+ )?(\S+)`).FindAllSubmatch(text, -1) {
			bases[string(from[1])] = true
		}
	}
	require.Len(t, bases, 2, "scratch, and the same image of Go everywhere: %v", bases)
	delete(bases, "scratch")
	for base := range bases {
		require.Regexp(t, `^golang:`+regexp.QuoteMeta(string(language[1]))+`\.\d+-[a-z]+$`, base)
	}
}

func TestAContextHoldsNoTests(t *testing.T) {
	t.Parallel()
	context := readStack(t).layOut(t, "login")
	rules := readIgnore(t, context)
	tests := 0
	require.NoError(t, filepath.WalkDir(context, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		below, err := filepath.Rel(context, path)
		require.NoError(t, err)
		if strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testbed") {
			tests++
			require.True(t, rules.excludes(filepath.ToSlash(below)), below)
		}
		return nil
	}))
	require.NotZero(t, tests, "faas-cli copies them, and .dockerignore leaves them out")
}
