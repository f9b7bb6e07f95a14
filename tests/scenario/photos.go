package scenario

import (
	"bytes"
	"image/jpeg"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// PhotosGetLabels goes the way of the README: sign in, make a task, attach each photo, read the labels, delete. stored
// counts the objects of a task.
func PhotosGetLabels(t *testing.T, a Snaptask, stored func(t *testing.T, id string) int) {
	token := a.SignIn(t, Demo)
	for name, first := range map[string][]string{
		"landscape.jpg": {"pier"},
		"coffee.png":    {"espresso"},
		"chelsea.png":   {"tiger cat", "Egyptian cat", "tabby"},
		"rocket.jpg":    {"missile", "projectile"},
	} {
		mine := a.Create(t, token, name)
		a.Must(t, http.StatusOK, nil, "PUT", "predict-image?id="+mine.ID, token, string(Photo(t, name)))
		var got Task
		a.Must(t, http.StatusOK, &got, "GET", "get-tasks?id="+mine.ID, token, "")
		require.Equal(t, "done", got.ImageStatus)
		require.Len(t, got.Labels, 10)
		require.Contains(t, first, got.Labels[0], name)
		for i, p := range got.Predictions {
			require.Equal(t, got.Labels[i], p.Label)
			require.True(t, i == 0 || p.Score <= got.Predictions[i-1].Score, "best first")
		}

		picture := a.Must(t, http.StatusOK, nil, "GET", "get-image?id="+mine.ID, token, "")
		require.Equal(t, "image/jpeg", picture.Header.Get("Content-Type"))
		_, err := jpeg.Decode(bytes.NewReader(picture.Body))
		require.NoError(t, err)

		require.Equal(t, 2, stored(t, mine.ID), "the picture and its thumbnail")
		a.Must(t, http.StatusOK, nil, "DELETE", "delete-task?id="+mine.ID, token, "")
		a.Must(t, http.StatusNotFound, nil, "GET", "get-tasks?id="+mine.ID, token, "")
		require.Zero(t, stored(t, mine.ID), "the picture goes with its task")
	}

	mine := a.Create(t, token, "cut off")
	broken := a.Must(t, http.StatusUnprocessableEntity, nil, "PUT", "predict-image?id="+mine.ID, token, string(Photo(t, "skateboard.jpg")))
	require.Contains(t, string(broken.Body), "message")
	var got Task
	a.Must(t, http.StatusOK, &got, "GET", "get-tasks?id="+mine.ID, token, "")
	require.False(t, got.Upload)
}
