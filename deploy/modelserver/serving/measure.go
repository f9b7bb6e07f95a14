package serving

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"snaptask/functions/telemetry"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// metricsPath is where TensorFlow Serving exports its metrics, on the port of REST.
const metricsPath = "/monitoring/prometheus/metrics"

// The entry points of a request in TensorFlow Serving's metrics.
const (
	entryGRPC = "GRPC"
	entryREST = "REST"
)

// metrics are the server's metrics. The first two are named as TensorFlow Serving's, so that the same dashboard serves both.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec   // model_name, status
	latency  *prometheus.HistogramVec // model_name, API, entrypoint; in microseconds
	waiting  prometheus.Gauge
	running  prometheus.Gauge
}

func newMetrics() *metrics {
	predictions := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "modelserver_predictions", Help: "Predictions that run, and those that wait for one that does.",
	}, []string{"state"})
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: ":tensorflow:serving:request_count", Help: "Predictions asked for, by the code of their answer.",
		}, []string{"model_name", "status"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: ":tensorflow:serving:request_latency", Help: "Time to answer a prediction, in microseconds.",
			Buckets: prometheus.ExponentialBuckets(1000, 1.8, 18), // up to 22 s
		}, []string{"model_name", "API", "entrypoint"}),
		waiting: predictions.WithLabelValues("waiting"),
		running: predictions.WithLabelValues("running"),
	}
	m.registry.MustRegister(m.requests, m.latency, predictions)
	telemetry.Register(m.registry)
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// measured counts, logs and traces one prediction that a client asked for. It continues the trace that the client's traceparent names.
func (m *Model) measured(ctx context.Context, entry, traceparent string, predict func(context.Context) error) {
	start := time.Now()
	ctx, call := telemetry.Start(ctx, "predict", traceparent)
	err := predict(ctx)
	call.End(err != nil)
	took, code := time.Since(start), codeOf(err)
	m.metrics.requests.WithLabelValues(m.Name, code).Inc()
	m.metrics.latency.WithLabelValues(m.Name, "predict", entry).Observe(float64(took.Microseconds()))
	fields := []slog.Attr{
		slog.String("function", "modelserver"), slog.String("method", entry), slog.String("status", code),
		slog.Float64("ms", telemetry.Milliseconds(took)),
	}
	fields = append(fields, call.Fields()...)
	if err != nil {
		fields = append(fields, slog.String("cause", status.Convert(err).Message()))
	}
	slog.LogAttrs(ctx, levelOf(err), "request", fields...)
}

// codeOf returns an error's gRPC code in the words of TensorFlow Serving's metrics, such as OK or INVALID_ARGUMENT. An error without
// one is that of a REST body.
func codeOf(err error) string {
	switch code := status.Code(err); code {
	case codes.OK:
		return "OK"
	case codes.Canceled:
		return "CANCELLED"
	case codes.DeadlineExceeded:
		return "DEADLINE_EXCEEDED"
	case codes.NotFound:
		return "NOT_FOUND"
	case codes.FailedPrecondition:
		return "FAILED_PRECONDITION"
	default:
		return "INVALID_ARGUMENT"
	}
}

// levelOf returns the level of the log line: only a client that gave up, because predictions took too long, is a warning.
func levelOf(err error) slog.Level {
	if code := status.Code(err); code == codes.Canceled || code == codes.DeadlineExceeded {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
