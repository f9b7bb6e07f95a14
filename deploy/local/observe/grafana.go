package observe

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
)

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
