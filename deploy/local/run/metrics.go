package run

import (
	"encoding/json"
	"os"
	"path/filepath"

	"snaptask/deploy/local/port"
	"snaptask/deploy/local/state"
)

// TargetsFile is the file in the state folder with the addresses of all metrics, in the form of Prometheus' file_sd_configs.
const TargetsFile = "metrics.json"

// metricsJob is the label job of all metrics, as in deploy/kubernetes/components/monitoring.
const metricsJob = "snaptask"

// target is an address of metrics with the labels that they get.
type target struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// listenForMetrics opens the listener of a child's metrics and notes its address.
func (r *runner) listenForMetrics(name string) (*os.File, error) {
	file, address, err := port.Inheritable()
	if err != nil {
		return nil, err
	}
	r.metrics = append(r.metrics, target{[]string{address}, map[string]string{"job": metricsJob, "instance": name}})
	return file, nil
}

func (r *runner) saveTargets() error {
	text, err := json.MarshalIndent(r.metrics, "", "  ")
	if err != nil {
		return err
	}
	return state.WriteFile(filepath.Join(r.folder.Path, TargetsFile), text)
}
