// Package scaffold adds a function to the tables that list functions, and finds functions that a table does not list.
package scaffold

import (
	"embed"
	"errors"
	"fmt"
	"go/format"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

//go:embed templates
var templates embed.FS

// The tables, by their paths in the repository.
const (
	goTable  = "functions/functions.go"
	stackYML = "stack.yml"
	openAPI  = "functions/openapi.yaml"
)

const example = `{"text": "example"}` // request.json of a function that reads JSON

var goodName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// New writes the folder of a function with an HTTP method, and the function's entries in the tables of the repository at
// root. It returns the paths of the files that it wrote. A function with a method other than GET and DELETE reads JSON.
func New(root, name, method string) (written []string, err error) {
	folder := filepath.Join("functions", name)
	if !goodName.MatchString(name) {
		return nil, fmt.Errorf("%q is not a name such as count-tasks", name)
	}
	if token.IsKeyword(name) {
		return nil, fmt.Errorf("%q is a keyword of Go", name)
	}
	if _, err := os.Stat(filepath.Join(root, folder)); err == nil {
		return nil, errors.New(folder + " exists")
	}
	if problems, err := Missing(root); err != nil || len(problems) > 0 {
		return nil, errors.Join(append([]error{err}, errors.New("the tables differ; first repair them: "+strings.Join(problems, "\n")))...)
	}
	if !slices.Contains([]string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}, method) {
		return nil, fmt.Errorf("the method must be GET, POST, PUT, PATCH or DELETE, not %q", method)
	}
	e := entry{name, method}
	files := map[string]string{
		filepath.Join(folder, "handler.go"):      e.handler(),
		filepath.Join(folder, "handler_test.go"): e.text("handler_test.go.txt"),
	}
	if e.readsJSON() {
		files[filepath.Join(folder, "request.json")] = example + "\n"
	}
	for path, add := range map[string]func(string) (string, error){goTable: e.addToGo, stackYML: e.addToStack, openAPI: e.addToContract} {
		old, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			return nil, err
		}
		if files[path], err = add(string(old)); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	if err := os.Mkdir(filepath.Join(root, folder), 0o755); err != nil {
		return nil, err
	}
	for path, text := range files {
		if err := os.WriteFile(filepath.Join(root, path), []byte(text), 0o644); err != nil {
			return nil, err
		}
		written = append(written, path)
	}
	slices.Sort(written)
	return written, nil
}

// entry holds the values of one new function's table entries.
type entry struct{ name, method string }

func (e entry) readsJSON() bool { return e.method != http.MethodGet && e.method != http.MethodDelete }

// text returns a template with this entry's names in it.
func (e entry) text(template string) string {
	source, err := templates.ReadFile("templates/" + template)
	if err != nil {
		panic(err) // can't happen: templates are embedded
	}
	body, json := "web.NoBody", ""
	if e.readsJSON() {
		body, json = "body", example
	}
	title := ""
	for word := range strings.SplitSeq(e.name, "-") {
		title += strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.NewReplacer(
		"NAME", e.name, "TITLE", title, "CAMEL", strings.ToLower(title[:1])+title[1:], "VERB", e.method[:1]+strings.ToLower(e.method[1:]),
		"METHOD", strings.ToLower(e.method), "BODY", body, "SAMPLE", json,
	).Replace(string(source))
}

func (e entry) handler() string {
	text := e.text("handler.go.txt")
	if e.readsJSON() {
		const before = "\nvar function"
		text = strings.Replace(text, before, e.text("body.go.txt")+before, 1)
	}
	return text
}

// goLines returns the import and the entry of functions.go.
func (e entry) goLines() (imported, listed string) {
	alias := strings.ReplaceAll(e.name, "-", "")
	return fmt.Sprintf("\t%s \"snaptask/functions/%s\"\n", alias, e.name), fmt.Sprintf("\t%q: {Handle: %s.Handle, Admit: %s.Admit},\n", e.name, alias, alias)
}

func (e entry) stackLines() string { return e.text("stack.yml.txt") }

func (e entry) contractLines() string {
	request := ""
	if e.readsJSON() {
		request = e.text("request.yaml.txt")
	}
	return strings.Replace(e.text("openapi.yaml.txt"), "REQUEST", request, 1)
}

// listed matches the entries of functions.go.
var listed = regexp.MustCompile(`(?m)^\t"([a-z0-9-]+)": .*\n`)

func (e entry) addToGo(text string) (string, error) {
	imported, line := e.goLines()
	const imports = "import (\n"
	at := strings.Index(text, imports)
	if at < 0 {
		return "", errors.New("has no import (...)")
	}
	at += len(imports)
	text = text[:at] + imported + text[at:]

	entries := listed.FindAllStringSubmatchIndex(text, -1)
	if len(entries) == 0 {
		return "", errors.New("has no entries")
	}
	at = entries[len(entries)-1][1]
	for _, i := range entries {
		if text[i[2]:i[3]] > e.name {
			at = i[0]
			break
		}
	}
	sorted, err := format.Source([]byte(text[:at] + line + text[at:]))
	return string(sorted), err
}

func (e entry) addToStack(text string) (string, error) {
	return strings.TrimRight(text, "\n") + "\n" + e.stackLines(), nil
}

func (e entry) addToContract(text string) (string, error) {
	const after = "\ncomponents:\n"
	if !strings.Contains(text, after) {
		return "", errors.New("has no components: after its paths")
	}
	return strings.Replace(text, after, "\n"+e.contractLines()+after[1:], 1), nil
}
