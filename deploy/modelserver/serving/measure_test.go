package serving

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
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
		require.Contains(t, line, "wait_ms")
		require.Equal(t, c.status != "OK", line["cause"] != nil)
	}
	response, err := http.Get(server.URL + metricsPath)
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
