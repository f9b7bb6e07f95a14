package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"snaptask/deploy/local/port"
	"snaptask/deploy/local/state"
)

// buildFunction makes a function's program as its image has it: the template's main.go with the function as its package,
// one static file without symbols. It gives the program's path.
func buildFunction(ctx context.Context, root, folder, name string) (string, error) {
	module := filepath.Join(root, "functions")
	sources, err := filepath.Glob(filepath.Join(module, name, "*.go"))
	if err != nil {
		return "", err
	}
	overlay := map[string]string{filepath.Join(module, "program", "main.go"): filepath.Join(root, "template", "snaptask-go", "main.go")}
	for _, source := range sources {
		overlay[filepath.Join(module, "function", filepath.Base(source))] = source
	}
	text, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		return "", err
	}
	file := filepath.Join(folder, name+".json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return "", err
	}
	made := filepath.Join(folder, name)
	build := exec.CommandContext(ctx, "go", "build", "-overlay", file, "-trimpath", "-tags", "grpcnotrace", "-ldflags", "-s -w", "-o", made, "./program")
	build.Dir = module
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	var said bytes.Buffer
	build.Stdout, build.Stderr = &said, &said
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", name, err, said.String())
	}
	return made, nil
}

// startFunction runs a function's program as its image is run, with stack.yml's environment and the secrets it may know.
// dsn is where it finds the database.
func (s *scene) startFunction(ctx context.Context, name, dsn string) (*program, error) {
	p, err := s.execFunction(name, name, dsn, nil)
	if err != nil {
		return nil, err
	}
	s.programs = append(s.programs, p)
	return p, p.ready(ctx, "/_/health")
}

// execFunction starts a function's program under a name for its log. What extra says goes before stack.yml.
func (s *scene) execFunction(name, log, dsn string, extra map[string]string) (*program, error) {
	d, ok := s.stack[name]
	if !ok {
		return nil, fmt.Errorf("stack.yml has no function %s", name)
	}
	secrets := filepath.Join(s.folder, "secrets", log)
	for _, secret := range d.Secrets {
		value := s.secrets[secret]
		if secret == "mysql-dsn" {
			value = dsn
		}
		if err := state.WriteFile(filepath.Join(secrets, secret), []byte(value)); err != nil {
			return nil, err
		}
	}
	calls, err := port.Free()
	if err != nil {
		return nil, err
	}
	metrics, err := port.Free()
	if err != nil {
		return nil, err
	}
	settings := maps.Clone(d.Environment)
	maps.Copy(settings, map[string]string{
		"FUNCTION_NAME": name, "PORT": strconv.Itoa(calls), "METRICS_PORT": strconv.Itoa(metrics), "SHUTDOWN_DELAY": "0s",
		"SECRETS_DIR": secrets, "S3_ENDPOINT": s.objects.Endpoint(), "CLASSIFIER_ADDRESS": s.stubGRPC, "CLASSIFIER_MODEL": stubModel,
	})
	maps.Copy(settings, extra)
	var env []string
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		env = append(env, key+"="+settings[key])
	}
	return launch(s.folder, log, fmt.Sprintf("127.0.0.1:%d", calls), env, s.built[name])
}
