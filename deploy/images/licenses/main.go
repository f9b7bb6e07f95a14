// Command licenses prints the licence texts of everything that is linked into Go programs: of Go itself, and of each module
// those in the folders of the linked packages and above. It fails for a module without one.
//
//	licenses PROGRAM...
//
// It runs in the folder of the programs' module, with the GOFLAGS that they were built with, and needs only the module cache.
package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "licenses:", err)
		os.Exit(1)
	}
}

func run(programs []string, out io.Writer) error {
	texts := map[string]string{} // file by heading
	for _, program := range programs {
		if err := collect(program, texts); err != nil {
			return fmt.Errorf("%s: %w", program, err)
		}
	}
	fmt.Fprint(out, "Licences of the software in this image besides Snaptask's own\n")
	for _, heading := range slices.Sorted(maps.Keys(texts)) {
		text, err := os.ReadFile(texts[heading])
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "\n%s\n%s\n\n%s\n", heading, strings.Repeat("=", len(heading)), bytes.TrimSpace(text))
	}
	return nil
}

// linked is a package as `go list` describes it.
type linked struct {
	ImportPath, Dir string
	Standard        bool
	Module          struct{ Path, Version, Dir string }
}

func collect(program string, texts map[string]string) error {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return err
	}
	env := os.Environ()
	for _, s := range info.Settings {
		if s.Key == "GOOS" || s.Key == "GOARCH" {
			env = append(env, s.Key+"="+s.Value)
		}
	}
	root, err := output(exec.Command("go", "env", "GOROOT"))
	if err != nil {
		return err
	}
	if find(texts, "Go "+info.GoVersion, strings.TrimSpace(string(root)), ".") == 0 {
		return errors.New("no licence in GOROOT")
	}
	list := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,Standard,Module", info.Path)
	list.Env = env
	packages, err := output(list)
	if err != nil {
		return err
	}
	for decoder := json.NewDecoder(bytes.NewReader(packages)); ; {
		var p linked
		if err := decoder.Decode(&p); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if p.Standard {
			continue
		}
		files := 0
		for folder := path.Join(".", strings.TrimPrefix(p.ImportPath, p.Module.Path)); ; folder = path.Dir(folder) {
			files += find(texts, strings.TrimSpace(p.Module.Path+" "+p.Module.Version), p.Module.Dir, folder)
			if folder == "." {
				break
			}
		}
		if files == 0 && !strings.HasPrefix(p.Module.Path, "snaptask/") {
			return fmt.Errorf("module %s %s has no licence file for %s", p.Module.Path, p.Module.Version, p.ImportPath)
		}
	}
}

var licence = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents|copyright)\b`)

// find adds the licence files of one folder of a module to texts and returns how many there are.
func find(texts map[string]string, module, root, folder string) (files int) {
	entries, _ := os.ReadDir(filepath.Join(root, folder)) // a folder that exists only in the -overlay has none
	for _, entry := range entries {
		if name := entry.Name(); licence.MatchString(name) && !entry.IsDir() && path.Ext(name) != ".go" {
			texts[module+": "+path.Join(folder, name)] = filepath.Join(root, folder, name)
			files++
		}
	}
	return files
}

func output(command *exec.Cmd) ([]byte, error) {
	out, err := command.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil, fmt.Errorf("%s: %w\n%s", command, err, exit.Stderr)
	}
	return out, err
}
