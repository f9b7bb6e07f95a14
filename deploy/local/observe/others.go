package observe

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func (o *observer) say(name, text string) { fmt.Fprintf(o.out, "  %-10s %s\n", name, text) }

// collector is where Jaeger receives spans by OTLP over HTTP, and jaegerURL where it shows them. Both are its defaults.
const (
	collector = "127.0.0.1:4318"
	jaegerURL = "http://127.0.0.1:16686"
)

// startJaeger starts Jaeger, version 2 or 1, if it is installed.
func (o *observer) startJaeger(ctx context.Context) error {
	command := []string{find("jaeger", "jaeger-all-in-one")}
	if command[0] == "" {
		return nil
	}
	if filepath.Base(command[0]) == "jaeger-all-in-one" {
		command = append(command, "--collector.otlp.http.host-port="+collector, "--query.http-server.host-port="+strings.TrimPrefix(jaegerURL, "http://"))
	}
	if err := o.start(ctx, "jaeger", jaegerURL, nil, command...); err != nil {
		return err
	}
	o.tracing = true
	o.say("traces", jaegerURL+", of what was started with OTEL_EXPORTER_OTLP_ENDPOINT=http://"+collector+" make run")
	return nil
}

// grafanaHome is where the packages of Grafana have what it needs besides its program.
const grafanaHome = "/usr/share/grafana"

// startGrafana starts Grafana with the dashboard and its data sources, if it is installed.
func (o *observer) startGrafana(ctx context.Context) error {
	command := []string{find("grafana", "grafana-server")}
	if command[0] == "" {
		return nil
	}
	if filepath.Base(command[0]) == "grafana" {
		command = append(command, "server")
	}
	if _, err := os.Stat(grafanaHome); err == nil {
		command = append(command, "--homepath", grafanaHome)
	}
	provisioning, panels, err := o.provision()
	if err != nil {
		return err
	}
	at, err := address("GRAFANA", 3000)
	if err != nil {
		return err
	}
	host, number, _ := strings.Cut(at, ":")
	env := []string{
		"GF_SERVER_HTTP_ADDR=" + host, "GF_SERVER_HTTP_PORT=" + number, "GF_PATHS_PROVISIONING=" + provisioning,
		"GF_PATHS_DATA=" + filepath.Join(o.path, "grafana"), "GF_PATHS_LOGS=" + filepath.Join(o.path, "log"),
		"GF_PATHS_PLUGINS=" + filepath.Join(o.path, "grafana", "plugins"), "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH=" + panels,
		"GF_AUTH_ANONYMOUS_ENABLED=true", "GF_AUTH_ANONYMOUS_ORG_ROLE=Editor", "GF_AUTH_DISABLE_LOGIN_FORM=true",
		"GF_ANALYTICS_REPORTING_ENABLED=false", "GF_ANALYTICS_CHECK_FOR_UPDATES=false",
	}
	if err := o.start(ctx, "grafana", "http://"+at+"/api/health", env, command...); err != nil {
		return err
	}
	o.say("grafana", "http://"+at)
	return nil
}

// provision writes what Grafana reads when it starts: data sources and the dashboard. It returns the folder and the dashboard's file.
func (o *observer) provision() (folder, panels string, err error) {
	_, text, err := readDashboard(o.root)
	if err != nil {
		return "", "", err
	}
	if panels, err = o.write(filepath.Join("dashboards", "snaptask.json"), text); err != nil {
		return "", "", err
	}
	type source map[string]any
	sources := []source{{
		"name": "Prometheus", "type": "prometheus", "uid": "prometheus", "access": "proxy", "url": o.prometheus, "isDefault": true,
		"jsonData": map[string]string{"timeInterval": interval},
	}}
	if o.tracing {
		sources = append(sources, source{"name": "Jaeger", "type": "jaeger", "uid": "jaeger", "access": "proxy", "url": jaegerURL})
	}
	folder = filepath.Join(o.path, "provisioning")
	for name, content := range map[string]any{
		"datasources/snaptask.yaml": map[string]any{"apiVersion": 1, "datasources": sources},
		"dashboards/snaptask.yaml": map[string]any{"apiVersion": 1, "providers": []any{map[string]any{
			"name": "snaptask", "type": "file", "options": map[string]string{"path": filepath.Dir(panels)},
		}}},
	} {
		json, err := json.MarshalIndent(content, "", "  ") // which is YAML, too
		if err != nil {
			return "", "", err
		}
		if _, err := o.write(filepath.Join("provisioning", name), json); err != nil {
			return "", "", err
		}
	}
	return folder, panels, nil
}
