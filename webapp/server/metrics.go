package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"snaptask/functions/telemetry"
)

// metrics are this server's metrics. Those of requests have the names of the functions' metrics, and the label route, which
// functions do not have, in place of function_name.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
}

func newMetrics(c *connections) *metrics {
	labels := []string{"route", "method", "code"}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "http_requests_total", Help: "Requests answered."}, labels),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "http_request_duration_seconds", Help: "Time from a request's headers to the end of its response.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 12), // up to 24 s; functions answer within 30 s
		}, labels),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "http_requests_in_flight", Help: "Requests being answered."}),
	}
	open := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "http_connections", Help: "Open connections."}, c.count)
	limit := prometheus.NewGauge(prometheus.GaugeOpts{Name: "http_connections_limit", Help: "MAX_CONNECTIONS."})
	limit.Set(float64(c.most))
	m.registry.MustRegister(m.requests, m.duration, m.inFlight, open, limit, telemetry.BuildInfo(), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) observe(route, method string, status int, took time.Duration) {
	method, code := methodLabel(method), strconv.Itoa(status)
	m.requests.WithLabelValues(route, method, code).Inc()
	m.duration.WithLabelValues(route, method, code).Observe(took.Seconds())
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
