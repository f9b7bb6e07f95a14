package serving

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"snaptask/functions/telemetry"
	"snaptask/functions/telemetry/collectortest"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/metadata"
)

// TestPredictionsAreCountedAndLogged is not parallel, because the log is the process's.
func TestPredictionsAreCountedAndLogged(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	slog.SetDefault(slog.New(slog.NewJSONHandler(&log, nil)))
	m, err := Load("../model/efficientnet-lite0", "own", 1)
	require.NoError(t, err)
	server := httptest.NewServer(NewREST(m))
	t.Cleanup(server.Close)

	body, err := json.Marshal(map[string]any{"instances": nested(0.3)})
	require.NoError(t, err)
	for _, c := range []struct {
		body   []byte
		status string
	}{{body, "OK"}, {body, "OK"}, {[]byte(`{"instances": "no"}`), "INVALID_ARGUMENT"}, {[]byte(`{`), "INVALID_ARGUMENT"}} {
		log.Reset()
		post(t, server.URL+"/v1/models/own:predict", c.body)
		var line map[string]any
		require.NoError(t, json.Unmarshal(log.Bytes(), &line), log.String())
		require.Equal(t, "INFO", line["level"])
		require.Equal(t, c.status, line["status"])
		require.Contains(t, line, "ms")
		require.Equal(t, c.status != "OK", line["cause"] != nil)
	}
	response, err := testClient.Get(server.URL + metricsPath)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	for _, line := range []string{
		`:tensorflow:serving:request_count{model_name="own",status="OK"} 2`,
		`:tensorflow:serving:request_count{model_name="own",status="INVALID_ARGUMENT"} 2`,
		`:tensorflow:serving:request_latency_count{API="predict",entrypoint="REST",model_name="own"} 4`,
		`modelserver_predictions{state="running"} 0`,
		`modelserver_predictions{state="waiting"} 0`,
	} {
		require.Contains(t, string(text), "\n"+line+"\n")
	}
}

// TestPredictionContinuesItsClientsTrace is not parallel, because traces are on or off for the process.
func TestPredictionContinuesItsClientsTrace(t *testing.T) {
	collector := collectortest.New(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	closeTraces, err := telemetry.Open("modelserver")
	require.NoError(t, err)
	const trace = "0af7651916cd43dd8448eb211c80319c"
	client, _ := stubs(t)
	_, err = client.Predict(metadata.AppendToOutgoingContext(t.Context(), "traceparent", "00-"+trace+"-b7ad6b7169203331-01"), predictRequest(0.3))
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, restAddress(t)+":predict", strings.NewReader("{"))
	require.NoError(t, err)
	request.Header.Set("traceparent", "00-"+trace+"-b7ad6b7169203332-01")
	response, err := testClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	closeTraces()
	parents := map[string]bool{} // and whether the prediction failed
	for _, span := range collector.Trace(trace) {
		require.Equal(t, "modelserver", span.Service)
		require.Equal(t, "predict", span.Name)
		parents[span.ParentID] = span.Failed
	}
	require.Equal(t, map[string]bool{"b7ad6b7169203331": false, "b7ad6b7169203332": true}, parents)
}
