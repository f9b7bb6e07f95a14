package images

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// repository is the top of this project.
const repository = "../../.."

// function is what stack.yml says about building one.
type function struct {
	Lang      string
	Handler   string
	BuildArgs map[string]string `yaml:"build_args"`
}

// stack is what `faas-cli build` reads of stack.yml, with the names of its fields from github.com/openfaas/go-sdk/stack.
type stack struct {
	Functions     map[string]function
	Configuration struct{ Copy []string }
}

func readStack(t *testing.T) stack {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "stack.yml"))
	require.NoError(t, err)
	var s stack
	require.NoError(t, yaml.Unmarshal(text, &s))
	return s
}

// layOut gives a folder with the context that `faas-cli build --shrinkwrap` makes for the function, as CreateBuildContext of
// github.com/openfaas/go-sdk/builder does it: the template's files, the handler's folder as function/, save for what is
// named build or template in it, and each path to copy beneath function/.
func (s stack) layOut(t *testing.T, name string) string {
	t.Helper()
	context := t.TempDir()
	handler := filepath.Join(context, "function")
	copyTree(t, filepath.Join(repository, "template", s.Functions[name].Lang), context)
	entries, err := os.ReadDir(filepath.Join(repository, s.Functions[name].Handler))
	require.NoError(t, err)
	for _, entry := range entries {
		if entry.Name() != "build" && entry.Name() != "template" {
			copyTree(t, filepath.Join(repository, s.Functions[name].Handler, entry.Name()), filepath.Join(handler, entry.Name()))
		}
	}
	for _, path := range s.Configuration.Copy {
		require.True(t, filepath.IsLocal(path), "%s: faas-cli copies nothing from outside the project", path)
		copyTree(t, filepath.Join(repository, path), filepath.Join(handler, path))
	}
	return context
}

// copyTree copies a file, or a folder with all that is in it, to the path target.
func copyTree(t *testing.T, source, target string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(target, below), 0o755)
		}
		return copyFile(path, filepath.Join(target, below))
	}))
}

func copyFile(source, target string) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	return os.WriteFile(target, data, info.Mode().Perm())
}
