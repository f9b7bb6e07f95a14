package observe

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// interval is how often metrics are read and alerts evaluated, so that a developer sees soon what happened.
const interval = "5s"

// console is a page of Prometheus that shows the dashboard's panels; without Grafana there is nothing else that does.
//
//go:embed console.html
var console []byte

const consoleName = "snaptask.html"

// startPrometheus starts Prometheus with the application's addresses and the alerts, and the dashboard as one of its pages.
func (o *observer) startPrometheus(ctx context.Context) error {
	program := find("prometheus")
	if program == "" {
		return errors.New("prometheus is not installed: Debian's package prometheus has it")
	}
	alerts, err := readRules(o.root)
	if err != nil {
		return err
	}
	_, panels, err := readDashboard(o.root)
	if err != nil {
		return err
	}
	rulesText, err := yaml.Marshal(alerts)
	if err != nil {
		return err
	}
	rulesFile, err := o.write("rules.yml", rulesText)
	if err != nil {
		return err
	}
	config, err := yaml.Marshal(map[string]any{
		"global":     map[string]string{"scrape_interval": interval, "evaluation_interval": interval},
		"rule_files": []string{rulesFile},
		"scrape_configs": []any{map[string]any{
			"job_name":        "snaptask",
			"file_sd_configs": []any{map[string]any{"files": []string{o.targets}, "refresh_interval": interval}},
		}},
	})
	if err != nil {
		return err
	}
	configFile, err := o.write("prometheus.yml", config)
	if err != nil {
		return err
	}
	page, err := o.write(filepath.Join("consoles", consoleName), consolePage(panels))
	if err != nil {
		return err
	}
	at, err := address("PROMETHEUS", 9095)
	if err != nil {
		return err
	}
	o.prometheus = "http://" + at
	o.say("prometheus", o.prometheus)
	if err := o.start(ctx, "prometheus", o.prometheus+"/-/ready", nil, program,
		"--config.file="+configFile, "--storage.tsdb.path="+filepath.Join(o.path, "prometheus"), "--storage.tsdb.retention.time=2d",
		"--web.listen-address="+at, "--web.console.templates="+filepath.Dir(page), "--web.console.libraries="+filepath.Dir(page),
		"--log.level=warn"); err != nil {
		return err
	}
	o.say("dashboard", o.prometheus+"/consoles/"+consoleName)
	o.say("alerts", o.prometheus+"/alerts")
	return nil
}

// consolePage returns the page with the dashboard in it. Prometheus expands the page as a template, so it must have no braces of one:
// JSON's \u007b is a brace.
func consolePage(panels []byte) []byte {
	var compact bytes.Buffer
	_ = json.Compact(&compact, panels) // it was read before
	text := bytes.ReplaceAll(compact.Bytes(), []byte("{{"), []byte(`\u007b\u007b`))
	text = bytes.ReplaceAll(text, []byte("<"), []byte(`\u003c`))
	return bytes.Replace(console, []byte("DASHBOARD"), text, 1)
}
