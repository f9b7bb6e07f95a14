package telemetry

import (
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// gauges collects the gauges of all packages. Packages add theirs when there is something to measure, such as a pool of connections,
// and that may be after Register.
var gauges = &gaugeCollector{}

type gaugeCollector struct {
	mu  sync.Mutex
	all []*gauge
}

type gauge struct {
	description *prometheus.Desc
	read        func() map[string]float64
}

// Gauge adds a gauge to the process's metrics. Its values, by the values of its label, are read at each scrape. Those of gauges with
// the same name are added up. remove removes it.
func Gauge(name, help, label string, read func() map[string]float64) (remove func()) {
	added := &gauge{prometheus.NewDesc(name, help, []string{label}, nil), read}
	gauges.mu.Lock()
	defer gauges.mu.Unlock()
	gauges.all = append(gauges.all, added)
	return func() {
		gauges.mu.Lock()
		defer gauges.mu.Unlock()
		gauges.all = slices.DeleteFunc(gauges.all, func(g *gauge) bool { return g == added })
	}
}

// Describe sends nothing: the gauges are not known in advance.
func (c *gaugeCollector) Describe(chan<- *prometheus.Desc) {}

// Collect reads all gauges.
func (c *gaugeCollector) Collect(into chan<- prometheus.Metric) {
	c.mu.Lock()
	all := slices.Clone(c.all)
	c.mu.Unlock()
	type series struct{ name, label string }
	sums := map[series]float64{}
	descriptions := map[series]*prometheus.Desc{}
	for _, g := range all {
		for label, value := range g.read() {
			key := series{g.description.String(), label}
			sums[key] += value
			descriptions[key] = g.description
		}
	}
	for key, sum := range sums {
		into <- prometheus.MustNewConstMetric(descriptions[key], prometheus.GaugeValue, sum, key.label)
	}
}
