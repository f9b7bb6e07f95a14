package observe

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// expressions returns the expressions of the dashboard, with an interval for Grafana's.
func (d dashboard) expressions() (all []string) {
	for _, panel := range d.Panels {
		for _, target := range panel.Targets {
			all = append(all, strings.ReplaceAll(target.Expr, "$__rate_interval", "1m"))
		}
	}
	return all
}

// MetricNames returns the names of the metrics that the rules and the dashboard in the repository at root read, sorted: those that
// programs have to export, with the _bucket of a histogram. The tests of the whole application compare.
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
