package scenario

import (
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// WrongInputIsRefused sends what no client should, and sees that each refusal has its own status and changes nothing.
func WrongInputIsRefused(t *testing.T, a Snaptask) {
	token := a.SignIn(t, Demo)
	mine := a.Create(t, token, "stays as it is")
	big := strings.Repeat("x", 20<<20)
	picture := "predict-image?id=" + mine.ID
	for _, c := range []struct {
		status               int
		method, function, as string
		body                 string
	}{
		{400, "POST", "create-task", token, `{"title": `},
		{400, "POST", "create-task", token, `[]`},
		{400, "POST", "create-task", token, `{"title": "x", "dueDate": "2026-13-01"}`},
		{400, "POST", "login", "", `garbage`},
		{401, "POST", "create-task", "", `{"title": "x", "dueDate": "2026-12-24"}`},
		{401, "GET", "get-tasks", "garbage", ""},
		{404, "GET", "get-secrets", token, ""},
		{405, "GET", "create-task", token, ""},
		{405, "PUT", "login", "", ""},
		{413, "POST", "create-task", token, big},
		{413, "PUT", picture, token, big},
		{415, "PUT", picture, token, "this is a text"},
		{413, "PUT", picture, token, hugePNG()},
		{422, "PUT", picture, token, string(Photo(t, "landscape.jpg")[:5000])},
	} {
		got, err := a.Call(c.method, c.function, c.as, []byte(c.body))
		require.NoError(t, err, "%s %s", c.method, c.function)
		require.Equal(t, c.status, got.Status, "%s %s %.40q: %.300s", c.method, c.function, c.body, got.Body)
	}
	var got Task
	a.Must(t, http.StatusOK, &got, "GET", "get-tasks?id="+mine.ID, token, "")
	require.False(t, got.Upload)
}

// hugePNG claims 60,000 x 60,000 pixels and holds none.
func hugePNG() string {
	header := []byte("IHDR\x00\x00\xea\x60\x00\x00\xea\x60\x08\x06\x00\x00\x00")
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d")
	b = append(b, header...)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(header))
	return string(b) + strings.Repeat("\x00", 100)
}
