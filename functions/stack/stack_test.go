package stack

import (
	"cmp"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// maxConnections is the lowest max_connections of any deployment's database: deploy/kubernetes/base/mysql.yaml.
// others are the connections of the sweep, migrations, probes and operators.
const maxConnections, others = 400, 10

func table(t *testing.T) map[string]Function {
	t.Helper()
	file, err := Read("../../stack.yml")
	require.NoError(t, err)
	require.NotEmpty(t, file.Functions)
	return file.Functions
}

func TestEveryFunctionIsBuiltFromItsFolder(t *testing.T) {
	t.Parallel()
	all := table(t)
	require.LessOrEqual(t, len(all), 15, "the maximum of OpenFaaS Community Edition")
	for name, f := range all {
		require.Equal(t, name, f.Name)
		require.Equal(t, "snaptask-go", f.Lang, name)
		require.Equal(t, "./functions/"+name, f.Handler, name)
		require.Equal(t, map[string]string{"FUNCTION": name}, f.BuildArgs, name)
		require.Equal(t, "${IMAGE_PREFIX:-snaptask}/"+name+":${IMAGE_TAG:-dev}", f.Image, name)
		require.True(t, f.ReadOnlyRootFilesystem, name)
		for _, quantity := range []string{f.Requests.CPU, f.Requests.Memory, f.Limits.CPU, f.Limits.Memory} {
			require.NotEmpty(t, quantity, name)
		}
	}
}

func TestScalesWithinTheCommunityEdition(t *testing.T) {
	t.Parallel()
	for name, f := range table(t) {
		least, most, err := f.Replicas()
		require.NoError(t, err)
		require.True(t, 1 <= least && least <= most && most <= 5, "%s: %d to %d", name, least, most)
	}
}

func TestSecretsAreThoseOfTheAccounts(t *testing.T) {
	t.Parallel()
	for name, f := range table(t) {
		require.True(t, f.CallsMySQL(), "%s: it needs the secret %s, for its DB_ACCOUNT", name, f.MySQLSecret())
		access, secret := f.S3Secrets()
		require.Equal(t, f.Environment["S3_ENDPOINT"] != "", f.UsesS3(), "%s: the secrets %s and %s are for functions with S3_ENDPOINT", name, access, secret)
		for _, s := range f.Secrets {
			for _, kind := range []string{"mysql-dsn", "s3-access-key", "s3-secret-key"} {
				if strings.HasPrefix(s, kind) {
					require.Contains(t, []string{f.MySQLSecret(), access, secret}, s, "%s: the secret of another account", name)
				}
			}
		}
		require.NotEmpty(t, f.Environment["DB_ACCOUNT"], "%s: only housekeeping may do everything", name)
	}
}

func TestPrometheusFindsTheMetrics(t *testing.T) {
	t.Parallel()
	for name, f := range table(t) {
		require.Equal(t, "true", f.Annotations["prometheus.io/scrape"], name)
		require.Equal(t, cmp.Or(f.Environment["METRICS_PORT"], "8081"), f.Annotations["prometheus.io/port"], "%s: the policies admit Prometheus to this port", name)
		require.Equal(t, "/metrics", f.Annotations["prometheus.io/path"], name)
	}
}

func TestConnectionBudget(t *testing.T) {
	t.Parallel()
	sum := others
	for _, f := range table(t) {
		n, err := f.MaxConnections()
		require.NoError(t, err)
		sum += n
	}
	t.Logf("%d connections of %d", sum, maxConnections)
	require.LessOrEqual(t, sum, maxConnections)
}

// TestTimeoutsAndLimitsAreConsistent checks that there is time to send a response even if the request and the function took as
// long as they may, and that Go collects garbage before the memory limit kills the process.
func TestTimeoutsAndLimitsAreConsistent(t *testing.T) {
	t.Parallel()
	for name, f := range table(t) {
		duration := func(setting string, otherwise time.Duration) time.Duration {
			d, err := f.Duration(setting, otherwise)
			require.NoError(t, err)
			return d
		}
		read, exec, write := duration("READ_TIMEOUT", 10*time.Second), duration("EXEC_TIMEOUT", 10*time.Second), duration("WRITE_TIMEOUT", 30*time.Second)
		require.LessOrEqual(t, duration("QUEUE_TIME", 5*time.Second)+read+exec, write, name)
		require.Less(t, exec, 60*time.Second, "%s: the gateway's own timeout", name)
		limit, err := f.MemoryLimit()
		require.NoError(t, err)
		if soft := f.Environment["GOMEMLIMIT"]; soft != "" {
			mebibytes, err := strconv.ParseInt(strings.TrimSuffix(soft, "MiB"), 10, 64)
			require.NoError(t, err, name)
			require.Less(t, mebibytes<<20, limit, name)
		}
	}
}

// example uses both of stack.yml's means against repetition: merge keys and aliases.
const example = `
x-function: &function
  lang: snaptask-go
  labels: {com.openfaas.scale.min: "1", com.openfaas.scale.max: "2"}
  limits: {memory: 64Mi}
x-environment: &environment
  DB_MAX_OPEN: "2"
  SHUTDOWN_DELAY: 5s
configuration:
  copy: [functions/go.mod]
functions:
  one:
    <<: *function
    environment: *environment
  two:
    <<: *function
    labels: {com.openfaas.scale.min: "1", com.openfaas.scale.max: "5"}
    environment: {<<: *environment, DB_MAX_OPEN: "8", READ_TIMEOUT: 1m}
`

func read(t *testing.T, text string) (File, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stack.yml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return Read(path)
}

func TestRead(t *testing.T) {
	t.Parallel()
	file, err := read(t, example)
	require.NoError(t, err)
	require.Equal(t, []string{"functions/go.mod"}, file.Copy)
	one, two := file.Functions["one"], file.Functions["two"]
	require.Equal(t, map[string]string{"DB_MAX_OPEN": "2", "SHUTDOWN_DELAY": "5s"}, one.Environment)
	require.Equal(t, map[string]string{"DB_MAX_OPEN": "8", "SHUTDOWN_DELAY": "5s", "READ_TIMEOUT": "1m"}, two.Environment)
	for name, want := range map[string]struct {
		most, connections int
		grace             time.Duration
	}{"one": {2, 9, 35 * time.Second}, "two": {5, 54, 85 * time.Second}} {
		f := file.Functions[name]
		require.Equal(t, name, f.Name)
		require.Equal(t, "snaptask-go", f.Lang)
		least, most, err := f.Replicas()
		require.NoError(t, err)
		require.Equal(t, []int{1, want.most}, []int{least, most})
		connections, err := f.MaxConnections()
		require.NoError(t, err)
		require.Equal(t, want.connections, connections)
		grace, err := f.Grace()
		require.NoError(t, err)
		require.Equal(t, want.grace, grace)
		memory, err := f.MemoryLimit()
		require.NoError(t, err)
		require.Equal(t, int64(64<<20), memory)
	}
}

func TestErrorsNameTheFunctionAndTheSetting(t *testing.T) {
	t.Parallel()
	file, err := read(t, "functions: {one: {environment: {EXEC_TIMEOUT: soon}, labels: {com.openfaas.scale.min: few}}}")
	require.NoError(t, err)
	one := file.Functions["one"]
	_, err = one.Grace()
	require.EqualError(t, err, `one: EXEC_TIMEOUT must be a duration such as 5s, not "soon"`)
	_, _, err = one.Replicas()
	require.EqualError(t, err, `one: com.openfaas.scale.min must be a number, not "few"`)
	_, err = one.MemoryLimit()
	require.ErrorContains(t, err, "one: limits.memory")
	_, err = read(t, "functions: [")
	require.ErrorContains(t, err, "stack.yml")
	_, err = Read("no-such-file")
	require.ErrorIs(t, err, os.ErrNotExist)
}
