package stack

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// deployed is what stack.yml says of one function.
type deployed struct {
	Lang        string
	Handler     string
	Image       string
	ReadOnly    bool `yaml:"readonly_root_filesystem"`
	Environment map[string]string
	Secrets     []string
	Labels      map[string]string
	Requests    map[string]string
	Limits      map[string]string
}

func readStack(t *testing.T) map[string]deployed {
	t.Helper()
	data, err := os.ReadFile("../../../stack.yml")
	require.NoError(t, err)
	var file struct{ Functions map[string]deployed }
	require.NoError(t, yaml.Unmarshal(data, &file))
	return file.Functions
}

func TestStackNamesTheSameFunctionsAndSecrets(t *testing.T) {
	t.Parallel()
	all := readStack(t)
	require.Len(t, all, len(Functions))
	require.LessOrEqual(t, len(all), 15, "OpenFaaS Community Edition runs no more")
	for _, f := range Functions {
		d, ok := all[f.Name]
		require.True(t, ok, f.Name)
		require.ElementsMatch(t, f.Secrets, d.Secrets, f.Name)
		require.Equal(t, "snaptask-go", d.Lang, f.Name)
		require.Equal(t, "./functions/"+f.Name, d.Handler, f.Name)
		require.Equal(t, "${IMAGE_PREFIX:-snaptask}/"+f.Name+":${IMAGE_TAG:-dev}", d.Image)
		require.True(t, d.ReadOnly, f.Name)
		for name, value := range f.Limits {
			if name != "MAX_INFLIGHT" {
				require.Equal(t, value, d.Environment[name], "%s: %s", f.Name, name)
			}
		}
		for _, name := range []string{"cpu", "memory"} {
			require.NotEmpty(t, d.Requests[name], "%s requests %s", f.Name, name)
			require.NotEmpty(t, d.Limits[name], "%s limits %s", f.Name, name)
		}
	}
}

func TestStackScalesWithinTheCommunityEdition(t *testing.T) {
	t.Parallel()
	for name, d := range readStack(t) {
		least, err := strconv.Atoi(d.Labels["com.openfaas.scale.min"])
		require.NoError(t, err, name)
		most, err := strconv.Atoi(d.Labels["com.openfaas.scale.max"])
		require.NoError(t, err, name)
		require.True(t, 1 <= least && least <= most && most <= 5, "%s: %d to %d", name, least, most)
	}
}

// TestConnectionBudget keeps all replicas of all functions, one more of each while it rolls, and 10 other clients within
// the 300 connections of deploy/kubernetes' MySQL.
func TestConnectionBudget(t *testing.T) {
	t.Parallel()
	const maxConnections, others = 300, 10
	connections := others
	for name, d := range readStack(t) {
		most, err := strconv.Atoi(d.Labels["com.openfaas.scale.max"])
		require.NoError(t, err, name)
		each, err := strconv.Atoi(d.Environment["DB_MAX_OPEN"])
		require.NoError(t, err, name)
		connections += (most + 1) * each
	}
	t.Logf("%d connections of %d", connections, maxConnections)
	require.LessOrEqual(t, connections, maxConnections)
}

// TestTimeoutsFitIntoEachOther sees that an answer may leave after the whole request came and all the work was done, and
// that Go collects its garbage before the limit ends the process.
func TestTimeoutsFitIntoEachOther(t *testing.T) {
	t.Parallel()
	for name, d := range readStack(t) {
		bound := func(variable string, otherwise time.Duration) time.Duration {
			if d.Environment[variable] == "" {
				return otherwise
			}
			value, err := time.ParseDuration(d.Environment[variable])
			require.NoError(t, err, "%s: %s", name, variable)
			return value
		}
		read, exec, write := bound("READ_TIMEOUT", 10*time.Second), bound("EXEC_TIMEOUT", 10*time.Second), bound("WRITE_TIMEOUT", 30*time.Second)
		require.LessOrEqual(t, read+exec, write, name)
		require.Less(t, exec, 60*time.Second, "%s: the gateway waits no longer", name)
		if soft := d.Environment["GOMEMLIMIT"]; soft != "" {
			require.Less(t, mebibytes(t, soft), mebibytes(t, d.Limits["memory"]), name)
		}
	}
}

func mebibytes(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSuffix(text, "B"), "Mi"))
	require.NoError(t, err, text)
	return n
}
