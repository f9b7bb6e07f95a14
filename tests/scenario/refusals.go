package scenario

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/tests/client"
)

// WrongInputIsRefused sends invalid input. Each refusal has its own status and changes nothing.
func WrongInputIsRefused(t *testing.T, c client.Client) {
	user := SignIn(t, c, Demo)
	task := CreateTask(t, user, "stays as it is", "")
	tooLarge := strings.Repeat("x", 20<<20)
	image := "predict-image?id=" + task.ID
	for _, wrong := range []struct {
		status       int
		method, call string
		body         string
	}{
		{400, "POST", "create-task", `{"title": `},
		{400, "POST", "create-task", `[]`},
		{400, "POST", "create-task", `{"title": "x", "dueDate": "2026-13-01"}`},
		{400, "POST", "login", `garbage`},
		{405, "PUT", "login", ""},
		{413, "POST", "create-task", tooLarge},
		{413, "PUT", image, tooLarge},
		{413, "PUT", image, hugePNG()},
		{415, "PUT", image, "this is a text"},
		{422, "PUT", image, string(Photo(t, "landscape.jpg")[:5000])},
	} {
		RequireStatus(t, wrong.status, user, wrong.method, wrong.call, []byte(wrong.body))
	}
	require.Equal(t, task, Task(t, user, task.ID))
	unknown, err := user.Do(t.Context(), "GET", "get-secrets", nil)
	require.NoError(t, err)
	require.Equal(t, 404, unknown.Status)
}

// hugePNG returns a PNG that has no pixels, but 60,000 x 60,000 according to its header.
func hugePNG() string {
	header := []byte("IHDR\x00\x00\xea\x60\x00\x00\xea\x60\x08\x06\x00\x00\x00")
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d")
	b = append(b, header...)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(header))
	return string(b) + strings.Repeat("\x00", 100)
}
