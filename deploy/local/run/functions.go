package run

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"snaptask/deploy/local/gateway"
	"snaptask/deploy/local/port"
	"snaptask/deploy/local/process"
	"snaptask/deploy/local/s3"
	"snaptask/functions/stack"
)

// startFunctions starts a process for each function in stack.yml, with its settings and secrets there. addresses are the
// settings that depend on this machine's servers.
func (r *runner) startFunctions(addresses map[string]string) ([]*gateway.Function, error) {
	root, err := Repository(r.program)
	if err != nil {
		return nil, err
	}
	table, err := stack.Read(filepath.Join(root, "stack.yml"))
	if err != nil {
		return nil, err
	}
	var all []*gateway.Function
	for _, name := range slices.Sorted(maps.Keys(table.Functions)) {
		f := table.Functions[name]
		requests, address, err := port.Inheritable()
		if err != nil {
			return nil, err
		}
		metrics, err := r.listenForMetrics(name)
		if err != nil {
			return nil, err
		}
		env := settings(f, addresses)
		child, err := r.launchMode([]string{"function", name}, name, f.Secrets, env, "http://"+address+"/_/health", requests, metrics)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		r.functions = append(r.functions, child)
		all = append(all, &gateway.Function{Name: name, Address: address, Env: shown(env), Secrets: f.Secrets, Process: child})
	}
	return all, nil
}

// startWeb starts the web app, which forwards uploads to the object store.
func (r *runner) startWeb(store s3.Server) error {
	metrics, err := r.listenForMetrics("webapp")
	if err != nil {
		return err
	}
	env := map[string]string{"FUNCTION_URL": r.gatewayURL + "/function/{name}", "S3_ENDPOINT": store.Endpoint(), "S3_BUCKET": bucket}
	copyEnv(env, []string{"REGISTRATION", "PUBLIC_GATEWAY_URL", objectsPublicURL, "UPLOADS"})
	maps.Copy(env, tracing())
	r.web, err = r.launchMode([]string{"webapp"}, "webapp", []string{clientAddressKey}, env, r.webURL+"/healthz", r.webListener, metrics)
	return err
}

// launchMode starts this program in another mode, as a child with the named secrets in a folder of its own.
func (r *runner) launchMode(
	args []string, name string, secrets []string, settings map[string]string, health string, listeners ...*os.File,
) (*process.Child, error) {
	folder := filepath.Join(r.folder.Path, "secrets", name)
	if err := writeSecrets(folder, secrets, r.secrets); err != nil {
		return nil, err
	}
	env := append([]string{"SECRETS_DIR=" + folder}, assignments(settings)...)
	return r.launch(process.Spec{
		Name: name, Path: r.program, Args: args, Env: env, Listeners: listeners, Check: process.CheckURL(health),
		StopTimeout: 15 * time.Second,
	})
}
