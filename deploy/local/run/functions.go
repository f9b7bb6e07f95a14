package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
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
func (r *runner) startFunctions(base *database, store s3.Server, model *classifier.Server) ([]*gateway.Function, error) {
	table, err := readStack(r.program)
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
		mysqlDSN:            base.application,
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
	if err := r.keepSettings(secrets, servers); err != nil {
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
	calls, address, err := port.Local()
	if err != nil {
		return nil, err
	}
	metrics, _, err := port.Local()
	if err != nil {
		return nil, err
	}
	log, err := r.log(f.Name)
	if err != nil {
		return nil, err
	}
	settings := settings(f, servers)
	env := []string{"SECRETS_DIR=" + folder}
	for name, value := range settings {
		env = append(env, name+"="+value)
	}
	child := r.launch(process.Spec{
		Name:     f.Name,
		Path:     r.program,
		Args:     []string{"function", f.Name},
		Env:      env,
		Files:    []*os.File{calls, metrics},
		Log:      log,
		Check:    func(ctx context.Context) error { return answers(ctx, "http://"+address+"/_/health") },
		Patience: 15 * time.Second,
	})
	r.functions = append(r.functions, child)
	return &gateway.Function{Name: f.Name, Address: address, Env: settings, Secrets: f.Secrets, Process: child}, nil
}

// writeSecrets makes a folder of exactly the named secrets, as OpenFaaS mounts it into a function.
func writeSecrets(folder string, names []string, values map[string]string) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	for _, name := range names {
		value, ok := values[name]
		if !ok {
			return errors.New("there is no secret " + name)
		}
		if err := state.WriteFile(filepath.Join(folder, name), []byte(value)); err != nil {
			return err
		}
	}
	return nil
}

// answers is nil when a GET of the address gives 200.
func answers(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", response.Status)
	}
	return nil
}
