package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/functions/stack"
)

// instructions returns the instructions of the image's Dockerfile, with one file for each COPY. Files of a function have their
// paths in the repository rather than in the context that faas-cli creates.
func instructions(t *testing.T, i image) (build, final []string) {
	t.Helper()
	text := regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(read(t, repository, i.Dockerfile), "")
	text = strings.NewReplacer("\\\n", " ", "$FUNCTION", filepath.Base(i.Title), "../../", "", " function/LICENSE ", " LICENSE ").Replace(text)
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		lines := []string{strings.Join(words, " ")}
		if lines[0] == "ARG FUNCTION" && build == nil || lines[0] == "FROM go AS build" {
			continue
		}
		if words[0] == "FROM" && final != nil {
			break // the stages of functions of other projects follow
		}
		if sources, target := words[1:len(words)-1], words[len(words)-1]; words[0] == "COPY" && sources[0] != "--from=build" {
			lines = nil
			for _, source := range sources {
				lines = append(lines, "COPY "+source+" "+target)
			}
		}
		if words[0] == "FROM" && words[1] == "scratch" {
			lines[0] = "FROM scratch"
		}
		if lines[0] == "FROM scratch" || final != nil {
			final = append(final, lines...)
		} else {
			build = append(build, lines...)
		}
	}
	return build, final
}

func TestDockerfilesMakeTheSameImages(t *testing.T) {
	t.Parallel()
	images, err := list(repository)
	require.NoError(t, err)
	language := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, repository, "functions/go.mod"))
	bases := map[string]bool{}
	for name, i := range images {
		build, final := instructions(t, i)
		array := func(words []string) string {
			text, err := json.Marshal(words)
			require.NoError(t, err)
			return strings.ReplaceAll(string(text), `","`, `", "`)
		}

		require.Regexp(t, `^FROM --platform=\$BUILDPLATFORM golang:`+regexp.QuoteMeta(language[1])+`\.\d+-[a-z]+ AS (build|go)$`, build[0], i.Dockerfile)
		bases[strings.Fields(build[0])[2]] = true
		wanted := []string{
			`ENV CGO_ENABLED=0 GOWORK=off GOOS=$TARGETOS GOARCH=$TARGETARCH GOFLAGS="` + goflags + `"`,
			"RUN echo '" + strings.TrimSpace(passwd) + "' >passwd",
		}
		var programs, sources []string
		for _, program := range slices.Sorted(maps.Keys(i.Programs)) {
			wanted = append(wanted, "RUN go build -o bin/"+program+" "+i.Programs[program])
			programs, sources = append([]string{"bin/" + program}, programs...), append([]string{"/src/bin/" + program}, sources...)
		}
		wanted = append(wanted, "RUN GOOS= GOARCH= go run ./licenses "+strings.Join(programs, " ")+" >bin/THIRD_PARTY")
		require.Subset(t, build, wanted, i.Dockerfile)

		config := builder{version: "$VERSION", revision: "$REVISION"}.config(i)
		wanted = []string{
			"FROM scratch", "ARG VERSION=dev", "ARG REVISION=unknown", "ENV VERSION=$VERSION REVISION=$REVISION", "USER " + config.User,
			"COPY --from=build " + certificates + " /etc/ssl/certs/", "COPY --from=build /src/passwd /etc/",
			"COPY --from=build " + strings.Join(sources, " ") + " /", "COPY --from=build /src/bin/THIRD_PARTY /licenses/",
			"ENTRYPOINT " + array(config.Entrypoint),
		}
		label := "LABEL"
		for _, key := range []string{"title", "description", "licenses", "version", "revision"} {
			key = "org.opencontainers.image." + key
			label += fmt.Sprintf(" %s=%q", key, config.Labels[key])
		}
		wanted = append(wanted, label)
		for source, target := range i.Files {
			wanted = append(wanted, "COPY "+source+" "+target)
		}
		if len(i.Ports) > 0 {
			wanted = append(wanted, "EXPOSE "+strings.Join(i.Ports, " "))
		}
		if len(i.Cmd) > 0 {
			wanted = append(wanted, "CMD "+array(i.Cmd))
		}
		for _, env := range i.Env {
			wanted = append(wanted, "ARG FUNCTION", "ENV "+env)
		}
		require.ElementsMatch(t, wanted, final, "%s: %s", name, i.Dockerfile)
	}
	require.Len(t, bases, 1, "one version of Go in all Dockerfiles")
	base := slices.Collect(maps.Keys(bases))[0]
	require.Contains(t, read(t, repository, ".devcontainer/Dockerfile"), "FROM "+base+"\n")
	require.Contains(t, read(t, repository, ".github/workflows/test.yml"), "container: "+base+" ")
	version, _, _ := strings.Cut(strings.TrimPrefix(base, "golang:"), "-")
	for _, workflow := range []string{"images.yml", "test.yml"} {
		require.Contains(t, read(t, repository, ".github/workflows", workflow), "go-version: "+version+"\n")
	}
}

// TestDockerfilesCopyEverySource fails for a package that is linked but not in the build context.
func TestDockerfilesCopyEverySource(t *testing.T) {
	t.Parallel()
	images, err := list(repository)
	require.NoError(t, err)
	functions, err := stack.Read(filepath.Join(repository, "stack.yml"))
	require.NoError(t, err)
	top, err := filepath.Abs(repository)
	require.NoError(t, err)
	b := builder{repository: top}
	ignored := read(t, repository, ".dockerignore")
	require.Contains(t, ignored, "**/*_test.go\n**/testdata\n")
	require.Contains(t, read(t, repository, "template/snaptask-go/.dockerignore"), "**/*_test.go\n**/testdata\n")
	for name, i := range images {
		copied := append(slices.Clone(functions.Copy), i.Handler)
		packages := []string{"./" + name, "./serve"}
		if i.Handler == "" {
			packages, copied = slices.Collect(maps.Values(i.Programs)), nil
			build, final := instructions(t, i)
			for _, line := range slices.Concat(build, final) {
				if words := strings.Fields(line); words[0] == "COPY" && words[1] != "--from=build" {
					copied = append(copied, words[1])
					top, _, _ := strings.Cut(words[1], "/")
					require.Regexp(t, `(?m)^!`+top+`(/|$)`, ignored, "%s copies %s", i.Dockerfile, words[1])
				}
			}
		}
		list, err := b.run(t.Context(), i, "-tags=grpcnotrace", "linux", runtime.GOARCH, append([]string{"list", "-deps", "-f",
			`{{range .GoFiles}}{{$.Dir}}/{{.}}{{"\n"}}{{end}}{{range .EmbedFiles}}{{$.Dir}}/{{.}}{{"\n"}}{{end}}`}, packages...)...)
		require.NoError(t, err)
		sources := append(strings.Fields(string(list)), filepath.Join(b.repository, i.Module, "go.mod"), filepath.Join(b.repository, "deploy/images/licenses/main.go"))
		for _, source := range sources {
			path, err := filepath.Rel(b.repository, source)
			require.NoError(t, err)
			require.True(t, !filepath.IsLocal(path) || slices.ContainsFunc(copied, func(from string) bool {
				matches, err := filepath.Match(from, path)
				return err == nil && matches || strings.HasPrefix(path, filepath.Clean(from)+"/")
			}), "the build context of %s lacks %s: add it to %s, or for a function to stack.yml", name, path, i.Dockerfile)
		}
	}
}
