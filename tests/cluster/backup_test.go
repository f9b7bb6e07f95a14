package cluster

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/tests/client"
	"snaptask/tests/scenario"
)

// operate runs a script of deploy/kubernetes/operate for a namespace, as make does, and returns its output.
func (n namespace) operate(ctx context.Context, script, file string) (string, error) {
	command := exec.CommandContext(ctx, filepath.Join("..", "..", "deploy", "kubernetes", "operate", script))
	command.Env = append(os.Environ(), "CLUSTER=current", "OVERLAY=plain", "FUNCTIONS_BY=deployments", "NAMESPACE="+string(n), "FILE="+file, "FORCE=")
	out, err := command.CombinedOutput()
	if err == nil && warning.Match(out) {
		err = errors.New("a warning")
	}
	return string(out), err
}

// mustOperate is operate for a script that must succeed.
func (n namespace) mustOperate(t *testing.T, script, file string) {
	t.Helper()
	output, err := n.operate(t.Context(), script, file)
	require.NoError(t, err, output)
	t.Log(strings.TrimSpace(output))
}

// backsUp writes a backup to file, after a sweep has removed the remains of interrupted uploads, and compares the backup's images with
// the stored ones.
func (d *deployment) backsUp(t *testing.T, file string) {
	d.sweep(t, map[string]any{"name": "ORPHAN_AGE", "value": "1s"})
	d.mustOperate(t, "backup", file)
	backup, err := os.Open(file)
	require.NoError(t, err)
	defer backup.Close()
	var named []string
	var manifest struct{ Lost []string }
	for files := tar.NewReader(backup); ; {
		header, err := files.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		if key, ok := strings.CutPrefix(header.Name, "pictures/"); ok {
			named = append(named, key)
		}
		if header.Name == "manifest.json" {
			require.NoError(t, json.NewDecoder(files).Decode(&manifest))
			require.NotNil(t, manifest.Lost, "the manifest does not list what is lost")
		}
	}
	require.Empty(t, manifest.Lost, "tasks refer to images that are not stored")
	require.NotEmpty(t, named)
	require.ElementsMatch(t, named, d.objects(t)(t), "images that tasks refer to, and stored images")
	t.Logf("%d objects, each of an image that a task names", len(named))
}

// restores restores the backup to a second, empty Snaptask and compares the two: their backups, and what users see. It checks that the
// second one works, and that neither accepts another restore without FORCE.
func (d *deployment) restores(t *testing.T, file string) {
	require.FileExists(t, file)
	n := d.namespace + "-restored"
	all := plain(t, n)
	reserveNoCPU(all) // for two on one node
	create(t, all, string(n))
	restored := deploy(t, n, all)
	n.kubectl(t, "create", "secret", "generic", "demo-account", "--from-literal=username="+scenario.Demo, "--from-literal=password="+scenario.Password)
	step(t, "restore", func() { n.mustOperate(t, "restore", file) })

	again := filepath.Join(t.TempDir(), "restored.tar")
	restored.mustOperate(t, "backup", again)
	output, err := exec.CommandContext(t.Context(), "../../deploy/kubernetes/operate/compare", file, again).CombinedOutput()
	require.NoError(t, err, "%s", output)
	t.Log(strings.TrimSpace(string(output)))
	here, tasks, images := d.seenBy(t, "ada")
	_, restoredTasks, restoredImages := restored.seenBy(t, "ada")
	require.NotEmpty(t, images)
	require.Equal(t, tasks, restoredTasks)
	require.Equal(t, images, restoredImages)
	scenario.RequireStatus(t, http.StatusUnauthorized, client.Client{URL: restored.URL, Token: here.Token}, "GET", "get-tasks", nil)
	scenario.PhotosGetLabels(t, restored.Client, restored.objects(t))

	for _, full := range []*deployment{d, restored} {
		output, err := full.operate(t.Context(), "restore", file)
		require.Error(t, err, "restored over %s: %s", full.namespace, output)
		require.Contains(t, output, "Nothing was restored. FORCE=yes replaces existing data")
		_, unchanged, _ := full.seenBy(t, "ada")
		require.Equal(t, tasks, unchanged)
	}
}

// seenBy signs a user in and returns all tasks and their images.
func (d *deployment) seenBy(t *testing.T, username string) (user client.Client, tasks []client.Task, images [][]byte) {
	t.Helper()
	user, err := d.SignIn(t.Context(), username, scenario.Password)
	require.NoError(t, err)
	tasks, err = user.Tasks(t.Context(), nil)
	require.NoError(t, err)
	for _, task := range tasks {
		image, err := user.Image(t.Context(), task.ID, "full")
		require.NoError(t, err)
		images = append(images, image)
	}
	return user, tasks, images
}
