package main

import (
	"archive/tar"
	"debug/elf"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/require"
)

// repository is the top of this project.
const repository = "../../.."

// builderFor makes images for an operating system, this machine's or Linux.
func builderFor(t *testing.T, system string) builder {
	t.Helper()
	b, err := newBuilder(repository, t.TempDir(), system, runtime.GOARCH, "1.2.3", "abc")
	require.NoError(t, err)
	return b
}

func build(t *testing.T, name, system string) *image {
	t.Helper()
	i, err := builderFor(t, system).build(t.Context(), name)
	require.NoError(t, err)
	return i
}

func TestEveryFunctionBecomesAnImage(t *testing.T) {
	t.Parallel()
	s, err := readStack(repository)
	require.NoError(t, err)
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
			i := build(t, name, "linux")
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
			requireSmallAndSafe(t, build(t, name, "linux"), name)
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
	s, err := readStack(repository)
	require.NoError(t, err)
	context := t.TempDir()
	require.NoError(t, s.layOut(repository, "login", context))
	rules, err := readIgnore(context)
	require.NoError(t, err)
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

// TestAnArchiveHoldsTheImage reads back what `docker load` would.
func TestAnArchiveHoldsTheImage(t *testing.T) {
	t.Parallel()
	b := builderFor(t, "linux")
	require.Len(t, b.names(), len(b.stack.Functions)+len(plain))
	made, err := b.build(t.Context(), "modelserver")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "modelserver.tar")
	const tag = "registry:5000/snap/modelserver:7"
	require.NoError(t, b.archive(made, tag, path))

	named, err := name.NewTag(tag)
	require.NoError(t, err)
	read, err := tarball.ImageFromPath(path, &named)
	require.NoError(t, err)
	settings, err := read.ConfigFile()
	require.NoError(t, err)
	require.Equal(t, "linux/"+runtime.GOARCH, settings.OS+"/"+settings.Architecture)
	require.Equal(t, "12000:12000", settings.Config.User)
	require.Equal(t, made.entrypoint, settings.Config.Entrypoint)
	require.Equal(t, made.labels, settings.Config.Labels)
	require.Contains(t, settings.Config.ExposedPorts, "8500/tcp")

	files := mutate.Extract(read)
	defer files.Close()
	modes := map[string]int64{}
	for r := tar.NewReader(files); ; {
		header, err := r.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		require.Zero(t, header.Uid)
		modes[header.Name] = header.Mode
	}
	require.Equal(t, int64(0o755), modes["program"])
	require.Contains(t, modes, "models/efficientnet/1/saved_model.pb")
	require.Contains(t, modes, "etc/passwd")
}

func TestAFaultOfADockerfileIsNamed(t *testing.T) {
	t.Parallel()
	for text, words := range map[string]string{
		"COPY a /\n":                              "FROM comes first",
		"FROM scratch\nCOPY a /\n":                "a is not there",
		"FROM scratch\nRUN touch /etc/passwd\n":   "a path from / on",
		"FROM scratch\nRUN echo words; false\n":   "words",
		"FROM scratch\nHEALTHCHECK NONE\n":        "unknown instruction",
		"FROM scratch\nCOPY --from=build /a /b\n": "an earlier stage",
		"FROM a b c\n":                            "unknown form",
	} {
		b := builderFor(t, "linux")
		folder := t.TempDir()
		dockerfile := filepath.Join(folder, "Dockerfile")
		require.NoError(t, os.WriteFile(dockerfile, []byte(text), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(folder, ".dockerignore"), nil, 0o600))
		_, err := b.make(t.Context(), dockerfile, folder, nil)
		require.ErrorContains(t, err, words)
		require.ErrorContains(t, err, dockerfile)
	}
	_, err := builderFor(t, "linux").build(t.Context(), "logon")
	require.EqualError(t, err, "there is no image logon")
}
