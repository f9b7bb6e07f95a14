package observe

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"

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

// expressions returns the expressions of the dashboard, with an interval for Grafana's.
func (d dashboard) expressions() (all []string) {
	for _, panel := range d.Panels {
		for _, target := range panel.Targets {
			all = append(all, rateInterval.ReplaceAllString(target.Expr, "1m"))
		}
	}
	return all
}

var rateInterval = regexp.MustCompile(regexp.QuoteMeta("$__rate_interval"))

// MetricNames returns the names of the metrics that the rules and the dashboard in the repository at root read, sorted: those that
// programs have to export, with the _bucket of a histogram.
func MetricNames(root string) ([]string, error) {
	r, err := readRules(root)
	if err != nil {
		return nil, err
	}
	d, _, err := readDashboard(root)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, expression := range d.expressions() {
		addNames(names, expression)
	}
	for _, each := range r.all() {
		addNames(names, each.Expr)
	}
	for _, each := range r.all() {
		delete(names, each.Record)
	}
	return slices.Sorted(maps.Keys(names)), nil
}

var (
	// notNames are the parts of an expression that have words other than names of metrics and functions, and numbers such as 1e6 and 5m.
	notNames = regexp.MustCompile(`\b[0-9][0-9a-zA-Z.]*|"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(by|without|on|ignoring|group_left|group_right) *\([^)]*\)`)
	word     = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*( *\()?`)
	keywords = []string{"and", "or", "unless", "bool", "offset"}
)

// addNames adds the names of the metrics in an expression. A word before a parenthesis is a function.
func addNames(names map[string]bool, expression string) {
	for _, found := range word.FindAllString(notNames.ReplaceAllString(expression, ""), -1) {
		if found[len(found)-1] != '(' && !slices.Contains(keywords, found) {
			names[found] = true
		}
	}
}
