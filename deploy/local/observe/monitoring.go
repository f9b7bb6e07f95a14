package observe

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// folder has what Kubernetes gets: alerts for the Prometheus Operator, and a dashboard for Grafana.
const folder = "deploy/kubernetes/components/monitoring"

// rule is an alert, or a record of an expression's value.
type rule struct {
	Record      string            `yaml:"record,omitempty"`
	Alert       string            `yaml:"alert,omitempty"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

// rules is a rule file of Prometheus.
type rules struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []rule `yaml:"rules"`
	} `yaml:"groups"`
}

// readRules returns the rules in the repository at root.
func readRules(root string) (rules, error) {
	const name = "alerts.yaml"
	text, err := os.ReadFile(filepath.Join(root, folder, name))
	if err != nil {
		return rules{}, err
	}
	var object struct{ Spec rules }
	if err := yaml.Unmarshal(text, &object); err != nil {
		return rules{}, fmt.Errorf("%s: %w", name, err)
	}
	return object.Spec, nil
}

func (r rules) all() (all []rule) {
	for _, group := range r.Groups {
		all = append(all, group.Rules...)
	}
	return all
}

// dashboard has the fields of a dashboard that this package reads.
type dashboard struct {
	Panels []struct {
		Title   string
		Targets []struct{ Expr string }
	}
}

// readDashboard returns the dashboard in the repository at root, and its JSON.
func readDashboard(root string) (dashboard, []byte, error) {
	const name = "dashboard.json"
	text, err := os.ReadFile(filepath.Join(root, folder, name))
	if err != nil {
		return dashboard{}, nil, err
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		return d, nil, fmt.Errorf("%s: %w", name, err)
	}
	return d, text, nil
}
