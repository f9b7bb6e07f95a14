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

	"snaptask/tests/scenario"
)

// operate runs one of deploy/kubernetes/operate's scripts on a namespace, as make does, and gives what it says.
func (n namespace) operate(ctx context.Context, script, file string) (string, error) {
	command := exec.CommandContext(ctx, filepath.Join("..", "..", "deploy", "kubernetes", "operate", script))
	command.Env = append(os.Environ(), "CLUSTER=current", "OVERLAY=plain", "FUNCTIONS_BY=deployments", "NAMESPACE="+string(n), "FILE="+file, "FORCE=")
	out, err := command.CombinedOutput()
	if err == nil && warning.Match(out) {
		err = errors.New("it warns")
	}
	return string(out), err
}

// backup does what make backup does.
func (n namespace) backup(t *testing.T, file string) {
	t.Helper()
	said, err := n.operate(t.Context(), "backup", file)
	require.NoError(t, err, said)
	t.Log(strings.TrimSpace(said))
}

// belongsTogether backs up to file, and sees that every task's picture is stored and that nothing else is, once a sweep has
// removed the uploads that died with a server. Nobody works meanwhile.
func (d *deployment) belongsTogether(t *testing.T, file string) {
	d.sweep(t, map[string]any{"name": "ORPHAN_AGE", "value": "1s"})
	d.backup(t, file)
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
			require.NotNil(t, manifest.Lost, "the manifest does not say what is lost")
		}
	}
	require.Empty(t, manifest.Lost, "tasks name pictures that are not stored")
	require.NotEmpty(t, named)
	require.ElementsMatch(t, named, d.objects(t)(t), "what tasks name, and what is stored")
	t.Logf("%d objects, each of a picture that a task names", len(named))
}

// restores fills a second Snaptask, an empty one, from the backup of this one, and compares them: to the last byte, and as people
// see them. The second works, and neither is filled again.
func (d *deployment) restores(t *testing.T, file string) {
	require.FileExists(t, file)
	n := d.namespace + "-restored"
	all := plain(t, n)
	reserveNoCPU(all) // there are two now on the node
	create(t, all, string(n))
	restored := deploy(t, n, all)
	n.kubectl(t, "create", "secret", "generic", "demo-account", "--from-literal=username="+scenario.Demo, "--from-literal=password="+scenario.Password)
	step(t, "restore", func() {
		said, err := n.operate(t.Context(), "restore", file)
		require.NoError(t, err, said)
		t.Log(strings.TrimSpace(said))
	})

	again := filepath.Join(t.TempDir(), "restored.tar")
	restored.backup(t, again)
	said, err := exec.CommandContext(t.Context(), "../../deploy/kubernetes/operate/compare", file, again).CombinedOutput()
	require.NoError(t, err, "%s", said)
	t.Log(strings.TrimSpace(string(said)))
	seen := func(a scenario.Snaptask, token string) (tasks string, pictures []scenario.Answer) {
		var listed []scenario.Task
		tasks = string(a.Must(t, http.StatusOK, &listed, "GET", "get-tasks", token, "").Body)
		for _, task := range listed {
			pictures = append(pictures, a.Must(t, http.StatusOK, nil, "GET", "get-image?id="+task.ID, token, ""))
		}
		return tasks, pictures
	}
	login := func(a scenario.Snaptask) (session struct{ Token string }) {
		a.Must(t, http.StatusOK, &session, "POST", "login", "", `{"username": "ada", "password": "`+scenario.Password+`"}`)
		return session
	}
	here, there := login(d.Snaptask).Token, login(restored.Snaptask).Token
	tasks, pictures := seen(d.Snaptask, here)
	tasksToo, picturesToo := seen(restored.Snaptask, there)
	require.Equal(t, tasks, tasksToo)
	require.NotEmpty(t, pictures)
	for i := range pictures {
		require.Equal(t, pictures[i].Body, picturesToo[i].Body)
	}
	restored.Must(t, http.StatusUnauthorized, nil, "GET", "get-tasks", here, "")
	scenario.PhotosGetLabels(t, restored.Snaptask, restored.stored(t))

	for _, full := range []*deployment{d, restored} {
		said, err := full.operate(t.Context(), "restore", file)
		require.Error(t, err, "restored over %s: %s", full.namespace, said)
		require.Contains(t, said, "Nothing was restored. FORCE=yes replaces what is there")
		tasksToo, _ = seen(full.Snaptask, login(full.Snaptask).Token)
		require.Equal(t, tasks, tasksToo)
	}
}
