package serving

import (
	"context"
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
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
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "build_info", Help: "What was built.", ConstLabels: prometheus.Labels{"goversion": runtime.Version()},
	})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.latency, predictions, build, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// call is one prediction that a client asked for.
type call struct {
	model  *Model
	entry  string
	start  time.Time
	waited time.Duration // for other predictions
}

func (m *Model) begin(entry string) *call { return &call{model: m, entry: entry, start: time.Now()} }

// end counts and logs a call that ended with err.
func (c *call) end(ctx context.Context, err error) {
	took := time.Since(c.start)
	code := codeOf(err)
	c.model.metrics.requests.WithLabelValues(c.model.Name, code).Inc()
	c.model.metrics.latency.WithLabelValues(c.model.Name, "predict", c.entry).Observe(float64(took.Microseconds()))
	fields := []slog.Attr{
		slog.String("function", "modelserver"), slog.String("method", c.entry), slog.String("status", code),
		slog.Float64("ms", milliseconds(took)), slog.Float64("wait_ms", milliseconds(c.waited)),
	}
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

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
