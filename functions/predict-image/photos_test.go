package function

import (
	"bytes"
	"image/jpeg"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"snaptask/functions/internal/objects"

	"github.com/stretchr/testify/require"
)

// The photos in package picture's cases are of kinds that people have and that decoders get wrong.
func TestUncommonPhotosAreKept(t *testing.T) {
	t.Parallel()
	b := newFixture(t, "")
	folder := filepath.Join("..", "internal", "picture", "testdata", "cases")
	files, err := os.ReadDir(folder)
	require.NoError(t, err)
	kept := 0
	for _, file := range files {
		if filepath.Ext(file.Name()) == ".md" {
			continue
		}
		upload, err := os.ReadFile(filepath.Join(folder, file.Name()))
		require.NoError(t, err)
		answer := b.put(b.ada.Token, b.id(), upload)
		require.Equal(t, http.StatusOK, answer.Status, "%s: %s", file.Name(), answer.Body)
		key, err := b.tasks.ImageKey(t.Context(), b.ada.Owner, b.mine.ID)
		require.NoError(t, err)
		for _, size := range []objects.Size{objects.Full, objects.Thumb} {
			stored, err := b.pictures.Get(t.Context(), key, size)
			require.NoError(t, err)
			_, err = jpeg.Decode(bytes.NewReader(stored))
			require.NoError(t, err, file.Name())
		}
		kept++
	}
	require.Equal(t, 8, kept)
}

func TestOtherFormatsAreNamedInTheAnswer(t *testing.T) {
	t.Parallel()
	b := newFixture(t, "")
	answer := b.put(b.ada.Token, b.id(), []byte("\x00\x00\x00\x24ftypheic\x00\x00\x00\x00mif1heic"))
	require.Equal(t, http.StatusUnsupportedMediaType, answer.Status)
	refused := answer.Fault(t)
	require.Equal(t, "picture_type", refused.Code)
	require.Equal(t, "Only JPEG, PNG and WebP photos are accepted. This is a file of the format HEIC.", refused.Message)
}
