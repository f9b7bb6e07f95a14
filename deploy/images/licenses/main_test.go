package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAModuleWithoutLicenceFails builds a program with a module whose licence is in a folder above only one of its packages.
func TestAModuleWithoutLicenceFails(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	t.Setenv("GOWORK", "off")
	t.Setenv("GOFLAGS", "")
	for name, text := range map[string]string{
		"go.mod":                    "module example.org/program\n\ngo 1.26.0\n\nrequire example.org/lib v1.2.3\n\nreplace example.org/lib => ./lib\n",
		"LICENSE":                   "ours",
		"main.go":                   "package main\n\nimport _ \"example.org/lib/licensed/deep\"\n\nfunc main() {}\n",
		"lib/go.mod":                "module example.org/lib\n\ngo 1.26.0\n",
		"lib/licensed/MIT":          "not by its name",
		"lib/bare/bare.go":          "package bare\n",
		"lib/LICENSE.go":            "package lib\n",
		"lib/licensed/deep/":        "",
		"lib/licensed/deep/deep.go": "package deep\n",
		"lib/licensed/COPYING.txt":  "the text\n",
	} {
		path := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		if text != "" {
			require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		}
	}
	build := func() {
		out, err := exec.CommandContext(t.Context(), "go", "build", "-o", "program", ".").CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	build()
	var out bytes.Buffer
	require.NoError(t, run([]string{"program"}, &out))
	require.Contains(t, out.String(), "example.org/lib v1.2.3: licensed/COPYING.txt\n")
	require.Contains(t, out.String(), "the text")

	require.NoError(t, os.WriteFile("main.go", []byte("package main\n\nimport _ \"example.org/lib/bare\"\n\nfunc main() {}\n"), 0o644))
	build()
	require.ErrorContains(t, run([]string{"program"}, &out), "module example.org/lib v1.2.3 has no licence file for example.org/lib/bare")
	require.Error(t, run([]string{"main.go"}, &out), "not a program")
}
