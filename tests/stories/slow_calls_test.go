package stories

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"snaptask/deploy/local/run"
	"snaptask/functions/telemetry/collectortest"
	"snaptask/tests/application"
	"snaptask/tests/client"
	"snaptask/tests/scenario"
)

// slowness is how long each call is delayed, far longer than it takes otherwise.
const slowness = 2 * time.Second

// The parts of a call to which the tests attribute its time, as in log lines and metrics.
const (
	body       = "body"
	wait       = "wait"
	database   = "db"
	classifier = "classifier"
)

// watched is the function predict-image, seen only as its operator sees it.
type watched struct {
	log     string // path
	metrics string // URL
	traces  *collectortest.Collector
}

func watch(t *testing.T, a *application.Application, traces *collectortest.Collector) watched {
	t.Helper()
	var targets []struct {
		Targets []string
		Labels  map[string]string
	}
	text, err := os.ReadFile(filepath.Join(a.State, run.TargetsFile))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &targets))
	for _, target := range targets {
		if target.Labels["instance"] == "predict-image" {
			return watched{filepath.Join(a.State, "log", "predict-image.log"), "http://" + target.Targets[0] + "/metrics", traces}
		}
	}
	require.Fail(t, "predict-image has no metrics")
	return watched{}
}

// series matches a line of Prometheus' text format that has a label before any other of these.
var series = regexp.MustCompile(`^(\w+)\{.*?(?:part|state|dependency|kind)="(\w+)".*\} (\S+)$`)

// scrape returns the values of a metric by the value of its label.
func (w watched) scrape(t *testing.T, metric string) map[string]float64 {
	t.Helper()
	response, err := http.Get(w.metrics)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	values := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		if match := series.FindStringSubmatch(strings.TrimSpace(line)); match != nil && match[1] == metric {
			values[match[2]], err = strconv.ParseFloat(match[3], 64)
			require.NoError(t, err)
		}
	}
	return values
}

// byLog returns the part in which the log line of a call says that most of its time went, and the ID of its trace.
func (w watched) byLog(t *testing.T, callID string) (part, traceID string) {
	t.Helper()
	var line map[string]any
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(w.log)
		require.NoError(t, err)
		for entry := range strings.Lines(string(text)) {
			if strings.Contains(entry, `"msg":"request"`) && strings.Contains(entry, callID) {
				require.NoError(t, json.Unmarshal([]byte(entry), &line))
			}
		}
		return line != nil
	}, 10*time.Second, 10*time.Millisecond, "no line of the log has the call %s", callID)
	parts := map[string]float64{}
	for name, value := range line {
		if part, found := strings.CutSuffix(name, "_ms"); found {
			parts[part] = value.(float64)
		}
	}
	t.Logf("log: %v of %v ms", parts, line["ms"])
	require.Greater(t, line["ms"], float64(slowness.Milliseconds())/2)
	return largest(parts), line["trace_id"].(string)
}

// byTrace returns the name of the span below that of the call which took longest.
func (w watched) byTrace(t *testing.T, traceID string) (name string) {
	t.Helper()
	root := w.traces.Wait(t, traceID, "predict-image")
	below := map[string]float64{}
	for _, span := range w.traces.Trace(traceID) {
		if span.ParentID == root.SpanID {
			below[span.Name] = max(below[span.Name], span.Took.Seconds())
		}
	}
	t.Logf("trace: %v", below)
	return largest(below)
}

func largest(values map[string]float64) string {
	return slices.MaxFunc(slices.Collect(maps.Keys(values)), func(a, b string) int {
		if values[a] < values[b] {
			return -1
		}
		return 1
	})
}

// put sends a photo in a trace of its own and returns the call's ID.
func put(t *testing.T, user client.Client, taskID string, photo io.Reader) (callID string) {
	t.Helper()
	callID = uuid.NewString()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, user.URL+"/function/predict-image?id="+taskID, photo)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+user.Token)
	request.Header.Set("X-Call-Id", callID)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s", answer)
	return callID
}

// slowReader delivers half of the data, and the rest a while later.
func slowReader(data []byte) io.Reader {
	read, write := io.Pipe()
	go func() {
		_, _ = write.Write(data[:len(data)/2])
		time.Sleep(slowness)
		_, _ = write.Write(data[len(data)/2:])
		write.Close()
	}()
	return read
}

// pause stops one of the application's processes for a while.
func pause(t *testing.T, a *application.Application, name string) {
	t.Helper()
	for _, p := range a.Processes(t) {
		if p.Name == name {
			require.NoError(t, syscall.Kill(p.ID, syscall.SIGSTOP))
			time.AfterFunc(slowness, func() { _ = syscall.Kill(p.ID, syscall.SIGCONT) })
			return
		}
	}
	require.Fail(t, "no process", name)
}

// hugePhoto returns a small file with as many pixels as a photo may have, which takes long to decode and much memory.
func hugePhoto(t *testing.T) []byte {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 6300, 6300))
	draw.Draw(picture, picture.Rect, image.White, image.Point{}, draw.Src)
	var file bytes.Buffer
	require.NoError(t, (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&file, picture))
	return file.Bytes()
}

// TestSlowCallsAreToldApart makes four calls slow, each for another reason. The log alone, the metrics alone and the trace alone must
// tell the reason.
func TestSlowCallsAreToldApart(t *testing.T) {
	traces := collectortest.New(t)
	a := application.Start(t, application.NewState(t), "OTEL_EXPORTER_OTLP_ENDPOINT="+traces.URL, "OTEL_BSP_SCHEDULE_DELAY=100")
	w := watch(t, a, traces)
	user := scenario.SignIn(t, a.Client, "ada")
	task := scenario.CreateTask(t, user, "a task", "coffee.png").ID
	photo := scenario.Photo(t, "coffee.png")

	for _, c := range []struct {
		reason     string
		slow       func(t *testing.T) (callID string)
		part, span string
	}{
		{"a slow client", func(t *testing.T) string { return put(t, user, task, slowReader(photo)) }, body, "body"},
		{"a paused database", func(t *testing.T) string {
			pause(t, a, application.Database)
			return put(t, user, task, bytes.NewReader(photo))
		}, database, "database"},
		{"a paused classifier", func(t *testing.T) string {
			pause(t, a, application.Classifier)
			return put(t, user, task, bytes.NewReader(photo))
		}, classifier, "classifier Predict"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			const seconds = "http_request_part_seconds_total"
			before := w.scrape(t, seconds)
			part, traceID := w.byLog(t, c.slow(t))
			require.Equal(t, c.part, part, "by the log")
			spent := w.scrape(t, seconds)
			for part := range spent {
				spent[part] -= before[part]
			}
			t.Logf("metrics: %v", spent)
			require.Equal(t, c.part, largest(spent), "by the metrics")
			require.Equal(t, c.span, w.byTrace(t, traceID), "by the trace")
		})
	}

	t.Run("a full decode gate", func(t *testing.T) {
		huge := hugePhoto(t)
		var others sync.WaitGroup
		defer others.Wait()
		for i := range 3 {
			other := scenario.SignIn(t, a.Client, fmt.Sprint("other", i))
			for range 2 { // USER_INFLIGHT
				id := scenario.CreateTask(t, other, "huge", "").ID
				others.Go(func() { put(t, other, id, bytes.NewReader(huge)) })
			}
		}
		waiting := func() float64 { return w.scrape(t, "decode_turns")["waiting"] }
		require.Eventually(t, func() bool { return waiting() >= 3 }, 20*time.Second, 5*time.Millisecond, "the gate is never full")
		slow := make(chan string, 1)
		go func() { slow <- put(t, user, task, bytes.NewReader(photo)) }()
		require.Eventually(t, func() bool { return waiting() >= 3 || len(slow) > 0 }, 20*time.Second, 5*time.Millisecond)
		require.Empty(t, slow, "by the metrics: the call is one of those that wait")
		part, traceID := w.byLog(t, <-slow)
		require.Equal(t, wait, part, "by the log")
		require.Equal(t, "wait for a decode", w.byTrace(t, traceID), "by the trace")
	})

	t.Run("nothing is left over", func(t *testing.T) {
		turns := w.scrape(t, "decode_turns")
		require.Zero(t, turns["waiting"])
		require.Zero(t, turns["working"])
		require.Equal(t, map[string]float64{"pending_photos": 0, "uploads": 0, "deletions": 0}, w.scrape(t, "snaptask_backlog"))
		require.Positive(t, w.scrape(t, "dependency_call_duration_seconds_count")["classifier"])
	})
}
