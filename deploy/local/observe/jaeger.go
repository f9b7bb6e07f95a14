package observe

import (
	"context"
	"path/filepath"
	"strings"
)

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
