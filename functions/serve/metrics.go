package serve

import (
	"net/http"
	"strconv"
	"time"

	"snaptask/functions/telemetry"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are one function's metrics, named as those of OpenFaaS's watchdog.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
	refusals *prometheus.CounterVec
}

func newMetrics(name string, settings Settings) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_requests_total", Help: "Requests answered.",
		}, []string{"method", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "http_request_duration_seconds", Help: "Time from a request's headers to the end of its response.",
			Buckets: buckets(settings.ExecTimeout),
		}, []string{"method", "code"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "http_requests_in_flight", Help: "Requests being answered, or whose bodies arrive, or that wait for a turn.",
		}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_requests_refused_total", Help: "Requests refused with 503 for lack of a slot, the user's turn, memory or time.",
		}, []string{"cause"}),
	}
	limit := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "http_requests_in_flight_limit", Help: "How many requests the function works on at once (MAX_INFLIGHT).",
	})
	limit.Set(float64(settings.MaxInflight))
	for _, cause := range causes { // so that the first refusal is an increase
		m.refusals.WithLabelValues(cause)
	}
	ofFunction := prometheus.WrapRegistererWith(prometheus.Labels{"function_name": name}, m.registry)
	ofFunction.MustRegister(m.requests, m.duration, m.inFlight, limit, m.refusals)
	telemetry.Register(ofFunction)
	return m
}

// causes are the values of the label of refusals.
var causes = []string{"slots", "user", "memory", "time"}

func (m *metrics) refused(cause string) { m.refusals.WithLabelValues(cause).Inc() }

// buckets returns the bounds of durations from a millisecond to the time that a function may take.
func buckets(longest time.Duration) (bounds []float64) {
	for bound := 0.001; bound < longest.Seconds(); bound *= 2.5 {
		bounds = append(bounds, bound)
	}
	return append(bounds, longest.Seconds())
}

func (m *metrics) observe(method string, status int, took time.Duration) {
	code := strconv.Itoa(status)
	m.requests.WithLabelValues(method, code).Inc()
	m.duration.WithLabelValues(method, code).Observe(took.Seconds())
}

func (m *metrics) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}

// methodLabel maps nonstandard methods to "other", so that clients can't create label values.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}
