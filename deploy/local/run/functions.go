package run

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"snaptask/deploy/local/classifier"
	"snaptask/deploy/local/gateway"
	"snaptask/deploy/local/port"
	"snaptask/deploy/local/process"
	"snaptask/deploy/local/s3"
	"snaptask/deploy/local/state"
	"snaptask/functions/stack"
)

// startFunctions starts a process for each function in stack.yml, with the settings and secrets that are named there.
func (r *runner) startFunctions(db *database, store s3.Server, model *classifier.Server) ([]*gateway.Function, error) {
	root, err := repository(r.program)
	if err != nil {
		return nil, err
	}
	table, err := stack.Read(filepath.Join(root, "stack.yml"))
	if err != nil {
		return nil, err
	}
	private, public, err := signingKeys(r.folder)
	if err != nil {
		return nil, err
	}
	clientKey, err := secret(r.folder, clientAddressKey)
	if err != nil {
		return nil, err
	}
	secrets := map[string]string{
		mysqlDSN:            db.application,
		tokenSigningKey:     string(private),
		"token-public-keys": string(public),
		clientAddressKey:    clientKey,
		s3AccessKey:         store.User.AccessKey,
		s3SecretKey:         store.User.SecretKey,
	}
	servers := map[string]string{
		"S3_ENDPOINT":         store.Endpoint(),
		"S3_BUCKET":           bucket,
		"S3_REGION":           s3.Region,
		"CLASSIFIER_ADDRESS":  model.GRPC,
		"CLASSIFIER_PROTOCOL": "grpc",
		"CLASSIFIER_REST_URL": model.REST,
		"CLASSIFIER_MODEL":    classifier.Model,
		"SHUTDOWN_DELAY":      "0s", // callers stop before functions do
	}
	if err := r.saveSettings(secrets, servers); err != nil {
		return nil, fmt.Errorf("%s: %w", housekeepingName, err)
	}
	var all []*gateway.Function
	for _, name := range slices.Sorted(maps.Keys(table.Functions)) {
		started, err := r.startFunction(table.Functions[name], secrets, servers)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, started)
	}
	return all, nil
}

func (r *runner) startFunction(f stack.Function, secrets, servers map[string]string) (*gateway.Function, error) {
	folder := filepath.Join(r.folder.Path, "secrets", f.Name)
	if err := writeSecrets(folder, f.Secrets, secrets); err != nil {
		return nil, err
	}
	requests, address, err := port.Inheritable()
	if err != nil {
		return nil, err
	}
	metrics, _, err := port.Inheritable()
	if err != nil {
		return nil, err
	}
	settings := settings(f, servers)
	env := []string{"SECRETS_DIR=" + folder}
	for name, value := range settings {
		env = append(env, name+"="+value)
	}
	child, err := r.launch(process.Spec{
		Name:        f.Name,
		Path:        r.program,
		Args:        []string{"function", f.Name},
		Env:         env,
		Listeners:   []*os.File{requests, metrics},
		Check:       process.CheckURL("http://" + address + "/_/health"),
		StopTimeout: 15 * time.Second,
	})
	if err != nil {
		return nil, err
	}
	r.functions = append(r.functions, child)
	return &gateway.Function{Name: f.Name, Address: address, Env: settings, Secrets: f.Secrets, Process: child}, nil
}

// startWeb starts the web app.
func (r *runner) startWeb() error {
	clientKey, err := secret(r.folder, clientAddressKey)
	if err != nil {
		return err
	}
	folder := filepath.Join(r.folder.Path, "secrets", "webapp")
	if err := writeSecrets(folder, []string{clientAddressKey}, map[string]string{clientAddressKey: clientKey}); err != nil {
		return err
	}
	env := []string{"FUNCTION_URL=" + r.gatewayURL + "/function/{name}", "SECRETS_DIR=" + folder}
	for _, name := range []string{"REGISTRATION", "PUBLIC_GATEWAY_URL"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	r.web, err = r.launch(process.Spec{
		Name:        "webapp",
		Path:        r.program,
		Args:        []string{"webapp"},
		Env:         env,
		Listeners:   []*os.File{r.webListener},
		Check:       process.CheckURL(r.webURL + "/healthz"),
		StopTimeout: 10 * time.Second,
	})
	return err
}

// writeSecrets writes a folder that contains exactly the named secrets, as OpenFaaS mounts it.
func writeSecrets(folder string, names []string, values map[string]string) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	for _, name := range names {
		value, ok := values[name]
		if !ok {
			return errors.New("no secret " + name)
		}
		if err := state.WriteFile(filepath.Join(folder, name), []byte(value)); err != nil {
			return err
		}
	}
	return nil
}
