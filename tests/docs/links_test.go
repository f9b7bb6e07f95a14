// Package docs tests the repository's documents.
package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "../.."

// link is a Markdown link or image, or the source of an HTML image.
var link = regexp.MustCompile(`\]\(([^)\s]+)\)|src="([^"]+)"`)

func TestEveryLinkToAFileResolves(t *testing.T) {
	t.Parallel()
	list, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "*.md").Output()
	require.NoError(t, err)
	documents := strings.Fields(string(list))
	require.NotEmpty(t, documents)
	for _, document := range documents {
		text, err := os.ReadFile(filepath.Join(root, document))
		require.NoError(t, err)
		for _, found := range link.FindAllStringSubmatch(string(text), -1) {
			target, _, _ := strings.Cut(found[1]+found[2], "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			_, err := os.Stat(filepath.Join(root, filepath.Dir(document), target))
			require.NoError(t, err, "%s links to %s", document, target)
		}
	}
}
