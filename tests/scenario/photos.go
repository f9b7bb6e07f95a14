package scenario

import (
	"bytes"
	"image/jpeg"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/tests/client"
)

// PhotosGetLabels signs in and, for each photo, creates a task, attaches the photo, reads its labels and deletes the task. objects
// returns the keys of all stored objects.
func PhotosGetLabels(t *testing.T, c client.Client, objects func(t *testing.T) []string) {
	user := SignIn(t, c, Demo)
	stored := func(task client.Task) (count int) {
		for _, key := range objects(t) {
			if strings.Contains(key, task.ID) {
				count++
			}
		}
		return count
	}
	for photo, best := range map[string][]string{
		"landscape.jpg": {"pier"},
		"coffee.png":    {"espresso"},
		"chelsea.png":   {"tiger cat", "Egyptian cat", "tabby"},
		"rocket.jpg":    {"missile", "projectile"},
	} {
		task := Task(t, user, CreateTask(t, user, photo, photo).ID)
		require.Equal(t, "done", task.ImageStatus)
		require.Len(t, task.Labels, 10)
		require.Contains(t, best, task.Labels[0], photo)
		require.Len(t, task.Predictions, 10)
		for i, p := range task.Predictions {
			require.Equal(t, task.Labels[i], p.Label)
			require.True(t, i == 0 || p.Score <= task.Predictions[i-1].Score, "best first")
		}
		image, err := user.Image(t.Context(), task.ID, "full")
		require.NoError(t, err)
		_, err = jpeg.Decode(bytes.NewReader(image))
		require.NoError(t, err)

		require.Equal(t, 2, stored(task), "the image and its thumbnail")
		require.NoError(t, user.DeleteTask(t.Context(), task.ID))
		RequireStatus(t, http.StatusNotFound, user, "GET", "get-tasks?id="+task.ID, nil)
		require.Zero(t, stored(task), "the image is deleted with its task")
	}

	task := CreateTask(t, user, "truncated", "")
	RequireStatus(t, http.StatusUnprocessableEntity, user, "PUT", "predict-image?id="+task.ID, Photo(t, "skateboard.jpg"))
	require.False(t, Task(t, user, task.ID).Upload)
}
