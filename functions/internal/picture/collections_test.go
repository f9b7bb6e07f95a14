package picture

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/kovidgoyal/imaging/colorconv" // for the photos of its module
	"github.com/stretchr/testify/require"

	"snaptask/functions/internal/fault"
)

// goTool returns what the go command prints.
func goTool(t testing.TB, arguments ...string) string {
	out, err := exec.Command("go", arguments...).Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

func moduleDir(t testing.TB, module string) string {
	return goTool(t, "list", "-m", "-f", "{{.Dir}}", module)
}

// photosIn returns the paths of the JPEGs, PNGs and WebPs in a folder and the folders in it.
func photosIn(t testing.TB, folder string) (paths []string) {
	require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if slices.Contains([]string{".jpg", ".jpeg", ".png", ".webp"}, strings.ToLower(filepath.Ext(path))) {
			paths = append(paths, path)
		}
		return err
	}))
	return paths
}

// The counts are those of Go 1.26 and of the versions in go.mod. What is refused is damaged on purpose, but for two JPEGs of
// uncommon subsampling. A part of PngSuite is in Go's collection; EXIF's orientations, and photos in Display P3, Adobe RGB and
// ProPhoto, are in that of imaging, which comes from several projects.
func TestPublicCollections(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		folder string
		want   map[string]int // by the fault's code, "accepted" when there is none
	}{
		"Go":      {filepath.Join(goTool(t, "env", "GOROOT"), "src", "image"), map[string]int{accepted: 78, "picture_broken": 2}},
		"x/image": {moduleDir(t, "golang.org/x/image"), map[string]int{accepted: 63}},
		"imaging": {moduleDir(t, "github.com/kovidgoyal/imaging"), map[string]int{accepted: 103, "picture_unsupported": 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := map[string]int{}
			for _, path := range photosIn(t, c.folder) {
				data, err := os.ReadFile(path)
				require.NoError(t, err)
				_, err = Decode(t.Context(), data)
				code := accepted
				var refused *fault.Error
				if errors.As(err, &refused) {
					code = refused.Code
					t.Log(path, err)
				}
				got[code]++
			}
			require.Equal(t, c.want, got)
		})
	}
}

const accepted = "accepted"

// The same photo, saved in other colour spaces, stays the same.
func TestPhotosOfOtherColourSpaces(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(moduleDir(t, "github.com/kovidgoyal/imaging"), "prism", "test-images")
	tensor := func(name string) []float32 {
		data, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		p, err := Decode(t.Context(), data)
		require.NoError(t, err)
		return p.Tensor(64, 64)
	}
	want := tensor("pizza-rgb8-srgb.jpg")
	for _, name := range []string{
		"pizza-rgb8-displayp3.jpg", "pizza-rgb8-adobergb.jpg", "pizza-rgb8-prophotorgb.jpg", "pizza-rgb8-displayp3-vp8x.webp", "pizza-rgb8-srgb.png",
	} {
		total, largest := 0.0, 0.0
		for i, v := range tensor(name) {
			d := max(float64(v)-float64(want[i]), float64(want[i])-float64(v))
			total += d
			largest = max(largest, d)
		}
		require.Less(t, 255*total/float64(len(want)), 1.5, name)
		require.Less(t, 255*largest, 12.0, name)
	}
}
