package observe

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"snaptask/deploy/local/port"
	"snaptask/deploy/local/process"
	"snaptask/deploy/local/run"
)

const root = "../../.."

// TestMain makes this test's own binary run as `snaptask wrap`, and as programs that are not installed here.
func TestMain(m *testing.M) {
	switch {
	case filepath.Base(os.Args[0]) == "grafana":
		standInForGrafana()
	case len(os.Args) > 2 && os.Args[1] == "wrap":
		ctx, cancel := process.Lifetime()
		defer cancel()
		os.Exit(process.ExitCode(process.Foreground(ctx, os.Environ(), os.Args[2], os.Args[3:]...)))
	default:
		os.Exit(m.Run())
	}
}

// standInForGrafana serves the health check and the file that Grafana would read its data sources from.
func standInForGrafana() {
	http.HandleFunc("/api/health", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/datasources", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(os.Getenv("GF_PATHS_PROVISIONING"), "datasources", "snaptask.yaml"))
	})
	http.HandleFunc("/home", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, os.Getenv("GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"))
	})
	panic(http.ListenAndServe(os.Getenv("GF_SERVER_HTTP_ADDR")+":"+os.Getenv("GF_SERVER_HTTP_PORT"), nil))
}

// promtool runs promtool in a folder with the rules.
func promtool(t *testing.T, content any, args ...string) {
	t.Helper()
	folder := t.TempDir()
	text, err := yaml.Marshal(content)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "rules.yml"), text, 0o600))
	tests, err := os.ReadFile("testdata/alerts_test.yml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "alerts_test.yml"), tests, 0o600))
	command := exec.CommandContext(t.Context(), "promtool", args...)
	command.Dir = folder
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
}

func TestAlertsFire(t *testing.T) {
	t.Parallel()
	r, err := readRules(root)
	require.NoError(t, err)
	promtool(t, r, "check", "rules", "--lint-fatal", "rules.yml")
	promtool(t, r, "test", "rules", "alerts_test.yml")
}

func TestDashboardHasOnlyExpressionsThatPrometheusAccepts(t *testing.T) {
	t.Parallel()
	d, _, err := readDashboard(root)
	require.NoError(t, err)
	type rule struct{ Record, Expr string }
	var all []rule
	for i, expression := range d.expressions() {
		require.NotContains(t, expression, "$")
		all = append(all, rule{fmt.Sprintf("panel_%d", i), expression})
	}
	require.NotEmpty(t, all)
	promtool(t, map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": all}}}, "check", "rules", "rules.yml")
}

// TestEveryAlertLinksToItsRunbook compares the links with the headings of the document.
func TestEveryAlertLinksToItsRunbook(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "docs/observability.md"))
	require.NoError(t, err)
	anchors := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(string(text), -1) {
		kept := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		anchors[strings.ReplaceAll(kept, " ", "-")] = true
	}
	r, err := readRules(root)
	require.NoError(t, err)
	for _, each := range r.all() {
		if each.Alert == "" {
			continue
		}
		page, anchor, _ := strings.Cut(each.Annotations["runbook_url"], "#")
		require.True(t, strings.HasSuffix(page, "/docs/observability.md"), each.Alert)
		require.Contains(t, anchors, anchor, "%s links to a heading that docs/observability.md lacks", each.Alert)
		require.Contains(t, string(text), each.Alert, "docs/observability.md does not name it")
		require.Contains(t, []string{"page", "ticket"}, each.Labels["severity"], each.Alert)
		require.NotEmpty(t, each.Annotations["summary"], each.Alert)
	}
}

func TestNamesOfMetricsAreFoundInExpressions(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string][]string{
		`a`: {"a"},
		`sum by (le, b) (rate(a_bucket{c="d", e=~"f|g"}[5m])) > 14.4 * 0.005`: {"a_bucket"},
		`a:b:c > 1 and (d / e or vector(0)) unless on(f) g offset 1h`:         {"a:b:c", "d", "e", "g"},
		`histogram_quantile(0.99, sum by (le) (rate(:t:s_bucket[1m]))) / 1e6`: {":t:s_bucket"},
		`time() - a{b="c"} > 1800`:             {"a"},
		`a * on (b) group_left (c) d`:          {"a", "d"},
		`predict_linear(a[6h], 4 * 86400) < 0`: {"a"},
		`max(sum without (b) (a)) by (c)`:      {"a"},
	} {
		names := map[string]bool{}
		addNames(names, expression)
		var found []string
		for name := range names {
			found = append(found, name)
		}
		require.ElementsMatch(t, want, found, expression)
	}
}

func TestDashboardsPageIsNoTemplate(t *testing.T) {
	t.Parallel()
	page := string(consolePage([]byte(`{"title": "a <b> {{label}}"}`)))
	require.NotContains(t, page, "{{")
	require.Contains(t, page, `{"title":"a \u003cb> \u007b\u007blabel}}"}`)
}

// lines is a Writer whose text can be read meanwhile.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func get(url string) string {
	response, err := http.Get(url)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return string(text)
}

// TestObserve is not parallel, because it sets the environment.
func TestObserve(t *testing.T) {
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "http_requests_total{function_name=\"login\",method=\"POST\",code=\"200\"} 7\n")
	}))
	t.Cleanup(application.Close)
	state := t.TempDir()
	require.ErrorContains(t, Run(t.Context(), state, io.Discard), "make run")
	targets, err := json.Marshal([]any{map[string]any{
		"targets": []string{application.Listener.Addr().String()}, "labels": map[string]string{"job": "snaptask", "instance": "login"},
	}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(state, run.TargetsFile), targets, 0o600))
	programs := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(self, filepath.Join(programs, "grafana")))
	t.Setenv("PATH", programs+":"+os.Getenv("PATH"))
	for _, name := range []string{"PROMETHEUS_PORT", "GRAFANA_PORT"} {
		number, err := port.Free()
		require.NoError(t, err)
		t.Setenv(name, fmt.Sprint(number))
	}

	ctx, stop := context.WithCancel(t.Context())
	said := &lines{}
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, state, said) }()
	prometheus, grafana := "http://127.0.0.1:"+os.Getenv("PROMETHEUS_PORT"), "http://127.0.0.1:"+os.Getenv("GRAFANA_PORT")
	require.Eventually(t, func() bool { return strings.Contains(said.String(), "Ctrl-C") }, time.Minute, 20*time.Millisecond, said)
	require.Eventually(t, func() bool {
		return strings.Contains(get(prometheus+"/api/v1/query?query=http_requests_total"), `"instance":"login","job":"snaptask"`)
	}, time.Minute, 100*time.Millisecond, "Prometheus does not read the application's metrics")
	require.Contains(t, get(prometheus+"/consoles/"+consoleName), `"title":"Calls by function"`)
	require.Contains(t, get(prometheus+"/api/v1/rules"), "SnaptaskPhotosWait")
	require.Contains(t, get(grafana+"/datasources"), prometheus)
	require.Contains(t, get(grafana+"/home"), `"uid": "snaptask"`)

	stop()
	require.NoError(t, <-ended)
	for _, url := range []string{prometheus, grafana} {
		_, err := http.Get(url)
		require.Error(t, err, "%s still runs", url)
	}
}
