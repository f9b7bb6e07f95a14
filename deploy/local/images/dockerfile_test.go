package images

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// certificates are in the image of Go, at this path.
const certificates = "/etc/ssl/certs/ca-certificates.crt"

// image is what a Dockerfile makes: a folder with its files, and its settings. While it is made it is a stage.
type image struct {
	base, root, folder string
	env, args, labels  map[string]string
	user               string
	ports, entrypoint  []string
	command            []string
}

// build does what an engine does with the Dockerfile and the context, with the host's tools and without isolation, and gives
// the last stage. It knows the instructions that this project's Dockerfiles use, and fails at any other.
func build(t *testing.T, dockerfile, context string, args map[string]string) *image {
	t.Helper()
	text, err := os.ReadFile(dockerfile)
	require.NoError(t, err)
	text = regexp.MustCompile(`(?m)^#.*\n`).ReplaceAll(text, nil)
	rules := readIgnore(t, context)
	stages := map[string]*image{}
	var now *image
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", " ")) {
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch verb {
		case "":
		case "FROM":
			var as string
			now, as = start(t, rest)
			stages[as] = now
		case "ARG":
			name, otherwise, _ := strings.Cut(rest, "=")
			now.args[name] = otherwise
			if value, ok := args[name]; ok {
				now.args[name] = value
			}
		case "ENV":
			for name, value := range now.pairs(rest) {
				now.env[name] = value
			}
		case "LABEL":
			for name, value := range now.pairs(rest) {
				now.labels[name] = value
			}
		case "WORKDIR":
			now.folder = rest
			require.NoError(t, os.MkdirAll(now.at(rest), 0o755))
		case "COPY":
			if stage, ok := strings.CutPrefix(rest, "--from="); ok {
				name, paths, _ := strings.Cut(stage, " ")
				now.copyFrom(t, stages[name], strings.Fields(paths))
			} else {
				now.copy(t, context, rules, strings.Fields(rest))
			}
		case "RUN":
			now.run(t, rest)
		case "USER":
			now.user = rest
		case "EXPOSE":
			now.ports = strings.Fields(rest)
		case "ENTRYPOINT":
			require.NoError(t, json.Unmarshal([]byte(rest), &now.entrypoint), line)
		case "CMD":
			require.NoError(t, json.Unmarshal([]byte(rest), &now.command), line)
		default:
			require.Fail(t, "this test does not know the instruction", line)
		}
	}
	return now
}

func start(t *testing.T, from string) (stage *image, as string) {
	t.Helper()
	words := regexp.MustCompile(`^(?:--platform=\$BUILDPLATFORM )?(\S+)(?: AS (\S+))?$`).FindStringSubmatch(from)
	require.NotNil(t, words, from)
	return &image{
		base: words[1], root: t.TempDir(), folder: "/",
		env: map[string]string{}, args: map[string]string{}, labels: map[string]string{},
	}, words[2]
}

// at is where a path of the image lies on this machine.
func (i *image) at(name string) string {
	if !path.IsAbs(name) {
		name = path.Join(i.folder, name)
	}
	return filepath.Join(i.root, filepath.FromSlash(name))
}

// pairs reads NAME=VALUE words with their variables, which values in quotes may have spaces between.
func (i *image) pairs(text string) map[string]string {
	pairs := map[string]string{}
	for _, pair := range regexp.MustCompile(`([\w.]+)=(?:"([^"]*)"|(\S*))`).FindAllStringSubmatch(text, -1) {
		pairs[pair[1]] = os.Expand(pair[2]+pair[3], func(name string) string {
			if value, ok := i.env[name]; ok {
				return value
			}
			return i.args[name]
		})
	}
	return pairs
}

// copy copies what matches the patterns in the context and is not ignored to the last of paths.
func (i *image) copy(t *testing.T, context string, rules ignore, paths []string) {
	t.Helper()
	patterns, target := paths[:len(paths)-1], paths[len(paths)-1]
	copied := 0
	for _, pattern := range patterns {
		matches, err := filepath.Glob(filepath.Join(context, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, matches, "COPY %s", pattern)
		for _, match := range matches {
			require.NoError(t, filepath.WalkDir(match, func(file string, entry fs.DirEntry, err error) error {
				if err != nil || entry.IsDir() {
					return err
				}
				below, err := filepath.Rel(context, file)
				if err != nil || rules.excludes(filepath.ToSlash(below)) {
					return err
				}
				copied++
				return copyFile(file, i.place(match, file, target, strings.HasSuffix(target, "/")))
			}))
		}
	}
	require.NotZero(t, copied, "COPY %s", paths)
}

// copyFrom copies files that an earlier stage has made. What comes with that stage's own base, the certificates, is not here.
func (i *image) copyFrom(t *testing.T, stage *image, paths []string) {
	t.Helper()
	require.NotNil(t, stage, "COPY --from names an earlier stage")
	require.Len(t, paths, 2)
	if paths[0] == certificates {
		require.True(t, strings.HasPrefix(stage.base, "golang:"), stage.base)
		require.NoError(t, os.MkdirAll(i.at(paths[1]), 0o755))
		return
	}
	source := stage.at(paths[0])
	require.NoError(t, copyFile(source, i.place(source, source, paths[1], strings.HasSuffix(paths[1], "/"))))
}

// place is where COPY puts a file that it found at or below match: in target, if that is a folder or match is one.
func (i *image) place(match, file, target string, folder bool) string {
	below, err := filepath.Rel(match, file)
	if err != nil || below != "." {
		return filepath.Join(i.at(target), below)
	}
	if folder || target == "." {
		return filepath.Join(i.at(target), filepath.Base(file))
	}
	return i.at(target)
}

// running lets one RUN go on at a time, since builds at once would each compile the packages that they share.
var running sync.Mutex

// run runs the line with the stage's settings, in its folder. A path from / on would leave the image here.
func (i *image) run(t *testing.T, line string) {
	t.Helper()
	require.NotRegexp(t, `(^|[\s>=])/`, line, "RUN names a path from / on, which this test cannot move")
	command := exec.CommandContext(t.Context(), "sh", "-c", line)
	command.Dir = i.at(".")
	command.Env = slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "FUNCTION=") })
	for _, settings := range []map[string]string{i.args, i.env} {
		for name, value := range settings {
			command.Env = append(command.Env, name+"="+value)
		}
	}
	running.Lock()
	output, err := command.CombinedOutput()
	running.Unlock()
	require.NoError(t, err, "RUN %s\n%s", line, output)
}
