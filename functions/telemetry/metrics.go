package telemetry

import (
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

var (
	dependencyCalls = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "dependency_calls_total", Help: "Calls of the database, the object store and the classifier.",
	}, []string{"dependency", "outcome"})
	dependencyDuration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "dependency_call_duration_seconds", Help: "Time of the calls of the database, the object store and the classifier.",
		Buckets: []float64{.0005, .0015, .005, .015, .05, .15, .5, 1.5, 5, 15, 45},
	}, []string{"dependency"})
	partTime = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "http_request_part_seconds_total", Help: "Time that requests have spent in each part, as in their log lines.",
	}, []string{"part"})
)

// Looked up once: looking a label's value up takes longer than counting.
var (
	calls       [parts][outcomes]prometheus.Counter
	durations   [parts]prometheus.Observer
	partSeconds [parts]prometheus.Counter
)

func init() {
	for part, name := range names {
		partSeconds[part] = partTime.WithLabelValues(name)
	}
	for part, name := range dependencies {
		durations[part] = dependencyDuration.WithLabelValues(name)
		for o, outcome := range outcomeNames {
			calls[part][o] = dependencyCalls.WithLabelValues(name, outcome)
		}
	}
}

func observe(part Part, result outcome, took time.Duration) {
	if durations[part] == nil { // not a dependency
		return
	}
	calls[part][result].Inc()
	durations[part].Observe(took.Seconds())
}

// Register adds to a program's metrics those of this package and its gauges, of the Go runtime and of the process, and build_info.
func Register(with prometheus.Registerer) {
	with.MustRegister(dependencyCalls, dependencyDuration, partTime, gauges, BuildInfo(),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
}

// BuildInfo returns a metric that is always 1, with the environment's VERSION and REVISION, which are those of the image, as labels.
func BuildInfo() prometheus.Collector {
	version, revision := os.Getenv("VERSION"), os.Getenv("REVISION")
	if build, ok := debug.ReadBuildInfo(); ok && revision == "" {
		for _, setting := range build.Settings {
			if setting.Key == "vcs.revision" {
				revision = setting.Value
			}
		}
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "build_info", Help: "The program's version, as labels; always 1.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision, "goversion": runtime.Version()},
	})
	info.Set(1)
	return info
}
