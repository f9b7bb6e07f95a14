package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"snaptask/tests/client"
	"snaptask/tests/scenario"
	"snaptask/tests/workload"
)

// labelsUploads sends photos to MinIO through the web server. MinIO's events have them labelled: at once, and also if label-upload is
// away and MinIO restarts in between. The sweep, which would find them too, is suspended.
func (d *deployment) labelsUploads(t *testing.T) {
	d.kubectl(t, "patch", "cronjob/sweep", `--patch={"spec":{"suspend":true}}`)
	defer d.kubectl(t, "patch", "cronjob/sweep", `--patch={"spec":{"suspend":false}}`)
	user := scenario.SignIn(t, d.Client, scenario.Demo)

	var ids []string
	for _, photo := range []string{"landscape.jpg", "coffee.png"} {
		id := d.uploads(t, user, photo)
		begun := time.Now()
		d.labelled(t, user, id)
		t.Logf("%6.1f s  %s is labelled", time.Since(begun).Seconds(), photo)
		ids = append(ids, id)
	}

	step(t, "photos are uploaded while label-upload is away, and MinIO restarts", func() {
		d.kubectl(t, "scale", "deployment/label-upload", "--replicas=0")
		require.Eventually(t, func() bool { return len(d.list(t, "pod", "app.kubernetes.io/name=label-upload")) == 0 }, 2*time.Minute, 500*time.Millisecond)
		for _, photo := range []string{"chelsea.png", "rocket.jpg", "landscape.jpg"} {
			ids = append(ids, d.uploads(t, user, photo))
		}
		pods := d.list(t, "pod", "app.kubernetes.io/name=minio")
		d.kubectl(t, "delete", "pod", "--selector=app.kubernetes.io/name=minio", "--wait=false")
		d.replaced(t, "minio", pods)
		for _, id := range ids[2:] {
			require.True(t, scenario.Task(t, user, id).Uploading)
		}
	})
	step(t, "they are labelled when it is back", func() {
		d.kubectl(t, "scale", "deployment/label-upload", "--replicas=1")
		d.rolled(t, "deployment")
		for _, id := range ids {
			d.labelled(t, user, id)
		}
	})
	d.repeatsEvents(t, user, ids[0])

	d.storedOnce(t, ids)
}

// uploadsOutliveServers lets people upload photos while label-upload, MinIO and MySQL are replaced. Each photo that MinIO acknowledged is
// labelled in the end, and once.
func (d *deployment) uploadsOutliveServers(t *testing.T) {
	const people = 4
	photo := scenario.Photo(t, "rocket.jpg")
	users, acknowledged := make([]client.Client, people), make([][]string, people)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var group sync.WaitGroup
	for i := range people {
		users[i] = scenario.SignIn(t, d.Client, fmt.Sprintf("uploader-%d", i))
		group.Go(func() {
			for ; ctx.Err() == nil; workload.Pause(ctx, 2*time.Second) {
				task, err := users[i].CreateTask(ctx, "", client.Draft{Title: "rocket", DueDate: "2030-01-01"})
				if err != nil {
					continue
				}
				upload, err := users[i].UploadURL(ctx, task.ID, len(photo), http.DetectContentType(photo))
				if err == nil && d.SendUpload(ctx, upload, photo) == nil {
					acknowledged[i] = append(acknowledged[i], task.ID)
				}
			}
		})
	}
	for _, server := range []string{"label-upload", "minio", "mysql"} {
		step(t, "pod replaced: "+server, func() {
			workload.Pause(t.Context(), 5*time.Second)
			d.kubectl(t, "delete", "pod", "--selector=app.kubernetes.io/name="+server)
			d.rolled(t, "deployment")
			d.rolled(t, "statefulset")
		})
	}
	stop()
	group.Wait()
	step(t, "all are labelled", func() {
		for i, ids := range acknowledged {
			require.NotEmpty(t, ids)
			for _, id := range ids {
				require.Equal(t, 3, d.labelled(t, users[i], id).Version, "created, announced, labelled")
			}
		}
	})
	d.sweep(t, map[string]any{"name": "ORPHAN_AGE", "value": "1s"}) // what attempts that failed have stored
	d.storedOnce(t, slices.Concat(acknowledged...))
	t.Logf("%d photos of %d people", len(slices.Concat(acknowledged...)), people)
}

// storedOnce checks that MinIO has one photo of each task, and no upload.
func (d *deployment) storedOnce(t *testing.T, ids []string) {
	t.Helper()
	keys := d.objects(t)(t)
	for _, id := range ids {
		stored := 0
		for _, key := range keys {
			require.False(t, strings.HasPrefix(key, "uploads/") && strings.Contains(key, id), "an upload is left: %s", key)
			if strings.Contains(key, id) {
				stored++
			}
		}
		require.Equal(t, 2, stored, "an image and its thumbnail")
	}
}

// uploads creates a task, uploads its photo and returns the task's id.
func (d *deployment) uploads(t *testing.T, user client.Client, photo string) string {
	t.Helper()
	data := scenario.Photo(t, photo)
	upload, err := user.UploadURL(t.Context(), scenario.CreateTask(t, user, photo, "").ID, len(data), http.DetectContentType(data))
	require.NoError(t, err)
	require.True(t, upload.Task.Uploading)
	require.NoError(t, d.SendUpload(t.Context(), upload, data))
	return upload.Task.ID
}

// labelled waits until the photo of a task is labelled, and returns the task.
func (d *deployment) labelled(t *testing.T, user client.Client, id string) client.Task {
	t.Helper()
	var task client.Task
	require.Eventually(t, func() bool {
		var err error
		task, err = user.Task(t.Context(), id)
		return err == nil && !task.Uploading
	}, 2*time.Minute, 200*time.Millisecond)
	require.Nil(t, task.UploadError)
	require.Equal(t, "done", task.ImageStatus)
	require.Len(t, task.Labels, 10)
	return task
}

// repeatsEvents sends events as MinIO does: with another token, through the web server, and again after the photo was labelled.
func (d *deployment) repeatsEvents(t *testing.T, user client.Client, id string) {
	t.Helper()
	before := scenario.Task(t, user, id)
	owner := ""
	for _, key := range d.objects(t)(t) {
		if parts := strings.Split(key, "/"); strings.Contains(key, id) {
			owner = parts[0]
		}
	}
	event, err := json.Marshal(map[string]any{"Records": []any{map[string]any{
		"eventName": "s3:ObjectCreated:Put",
		"s3":        map[string]any{"bucket": map[string]any{"name": "snaptask"}, "object": map[string]any{"key": "uploads/" + owner + "/" + id + "/" + id}},
	}}})
	require.NoError(t, err)
	function := "http://" + d.forward(t, "label-upload", 8080)
	for token, want := range map[string]int{"": http.StatusUnauthorized, user.Token: http.StatusUnauthorized, d.secret(t, "upload-event-token"): http.StatusOK} {
		answer, err := client.Send(t.Context(), http.MethodPost, function, token, event)
		require.NoError(t, err)
		require.Equal(t, want, answer.Status, "%s", answer.Body)
	}
	answer, err := client.Send(t.Context(), http.MethodPost, d.URL+"/function/label-upload", d.secret(t, "upload-event-token"), event)
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, answer.Status, "the web server does not forward events")
	require.Equal(t, before, scenario.Task(t, user, id), "an event of an upload that is not awaited")
}
