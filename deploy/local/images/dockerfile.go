package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// certificates are in the image of Go, at this path, and mostly on this machine too.
const certificates = "/etc/ssl/certs/ca-certificates.crt"

// image is what a Dockerfile makes: a folder with its files, and its settings. While it is made it is a stage.
type image struct {
	base, root, folder string
	env, args, labels  map[string]string
	user               string
	ports, entrypoint  []string
	command            []string
}

// make does what an engine does with the Dockerfile and the files of its context, with the host's tools and without isolation,
// and gives the last stage. It knows the instructions that this project's Dockerfiles use, and fails at any other.
func (b builder) make(ctx context.Context, dockerfile, files string, args map[string]string) (*image, error) {
	text, err := os.ReadFile(dockerfile)
	if err != nil {
		return nil, err
	}
	rules, err := readIgnore(files)
	if err != nil {
		return nil, err
	}
	text = regexp.MustCompile(`(?m)^#.*\n`).ReplaceAll(text, nil)
	stages := map[string]*image{}
	var now *image
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", " ")) {
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case verb == "":
		case verb == "FROM":
			var as string
			now, as, err = b.start(rest)
			stages[as] = now
		case now == nil:
			err = errors.New("FROM comes first")
		case verb == "ARG":
			name, otherwise, _ := strings.Cut(rest, "=")
			now.args[name] = otherwise
			if value, ok := args[name]; ok {
				now.args[name] = value
			}
		default:
			err = now.do(ctx, verb, rest, files, rules, stages)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %s %s: %w", dockerfile, verb, rest, err)
		}
	}
	return now, nil
}

func (b builder) start(from string) (stage *image, as string, err error) {
	words := regexp.MustCompile(`^(?:--platform=\$BUILDPLATFORM )?(\S+)(?: AS (\S+))?$`).FindStringSubmatch(from)
	if words == nil {
		return nil, "", errors.New("unknown form")
	}
	root, err := os.MkdirTemp(b.scratch, "stage-")
	return &image{
		base: words[1], root: root, folder: "/",
		env: map[string]string{}, args: map[string]string{}, labels: map[string]string{},
	}, words[2], err
}

// do carries out one instruction in the stage.
func (i *image) do(ctx context.Context, verb, rest, files string, rules ignore, stages map[string]*image) error {
	switch verb {
	case "ENV":
		for name, value := range i.pairs(rest) {
			i.env[name] = value
		}
	case "LABEL":
		for name, value := range i.pairs(rest) {
			i.labels[name] = value
		}
	case "WORKDIR":
		i.folder = rest
		return os.MkdirAll(i.at(rest), 0o755)
	case "COPY":
		if stage, ok := strings.CutPrefix(rest, "--from="); ok {
			name, paths, _ := strings.Cut(stage, " ")
			return i.copyFrom(stages[name], strings.Fields(paths))
		}
		return i.copy(files, rules, strings.Fields(rest))
	case "RUN":
		return i.run(ctx, rest)
	case "USER":
		i.user = rest
	case "EXPOSE":
		i.ports = strings.Fields(rest)
	case "ENTRYPOINT":
		return json.Unmarshal([]byte(rest), &i.entrypoint)
	case "CMD":
		return json.Unmarshal([]byte(rest), &i.command)
	default:
		return errors.New("unknown instruction")
	}
	return nil
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
func (i *image) copy(files string, rules ignore, paths []string) error {
	patterns, target := paths[:len(paths)-1], paths[len(paths)-1]
	copied := 0
	for _, pattern := range patterns {
		matches, err := filepath.Glob(filepath.Join(files, pattern))
		if err != nil {
			return err
		}
		if len(matches) == 0 {
			return fmt.Errorf("%s is not there", pattern)
		}
		for _, match := range matches {
			err := filepath.WalkDir(match, func(file string, entry fs.DirEntry, err error) error {
				if err != nil || entry.IsDir() {
					return err
				}
				below, err := filepath.Rel(files, file)
				if err != nil || rules.excludes(filepath.ToSlash(below)) {
					return err
				}
				copied++
				return copyFile(file, i.place(match, file, target, strings.HasSuffix(target, "/")))
			})
			if err != nil {
				return err
			}
		}
	}
	if copied == 0 {
		return errors.New(".dockerignore leaves nothing of it")
	}
	return nil
}

// copyFrom copies a file that an earlier stage has made. The certificates, which come with that stage's own base, are this
// machine's; without them there is only their folder.
func (i *image) copyFrom(stage *image, paths []string) error {
	if stage == nil || len(paths) != 2 {
		return errors.New("wanted: an earlier stage, a path of it, and a path")
	}
	source := stage.at(paths[0])
	if paths[0] == certificates {
		if !strings.HasPrefix(stage.base, "golang:") {
			return fmt.Errorf("no certificates are known to be in %s", stage.base)
		}
		if _, err := os.Stat(certificates); err != nil {
			return os.MkdirAll(i.at(paths[1]), 0o755)
		}
		source = certificates
	}
	return copyFile(source, i.place(source, source, paths[1], strings.HasSuffix(paths[1], "/")))
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

// absolute is a path from / on in a shell's line.
var absolute = regexp.MustCompile(`(^|[\s>=])/`)

// running lets one RUN go on at a time, since builds at once would each compile the packages that they share.
var running sync.Mutex

// run runs the line with the stage's settings, in its folder. A path from / on would leave the image here.
func (i *image) run(ctx context.Context, line string) error {
	if absolute.MatchString(line) {
		return errors.New("a path from / on can't be moved into the image's folder")
	}
	command := exec.CommandContext(ctx, "sh", "-c", line)
	command.Dir = i.at(".")
	command.Env = slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "FUNCTION=") })
	for _, settings := range []map[string]string{i.args, i.env} {
		for name, value := range settings {
			command.Env = append(command.Env, name+"="+value)
		}
	}
	running.Lock()
	defer running.Unlock()
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	return nil
}
