package run

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"snaptask/deploy/local/classifier"
	"snaptask/deploy/local/gateway"
	"snaptask/deploy/local/port"
	"snaptask/deploy/local/process"
	"snaptask/deploy/local/s3"
	"snaptask/deploy/local/stack"
	"snaptask/deploy/local/state"
)

// startFunctions starts a process for each function, which gets what it may know of all there is, as housekeeping does.
func (r *runner) startFunctions(base *database, store s3.Server, model *classifier.Server) ([]*gateway.Function, error) {
	private, public, err := signingKeys(r.folder)
	if err != nil {
		return nil, err
	}
	clientKey, err := secret(r.folder, stack.ClientAddressKey)
	if err != nil {
		return nil, err
	}
	secrets := map[string]string{
		stack.MySQLDSN:         base.application,
		stack.TokenSigningKey:  string(private),
		stack.TokenPublicKeys:  string(public),
		stack.ClientAddressKey: clientKey,
		stack.S3AccessKey:      store.User.AccessKey,
		stack.S3SecretKey:      store.User.SecretKey,
	}
	servers := map[string]string{
		stack.S3Endpoint:         store.Endpoint(),
		stack.S3Bucket:           bucket,
		stack.S3Region:           s3.Region,
		stack.ClassifierAddress:  model.GRPC,
		stack.ClassifierProtocol: "grpc",
		stack.ClassifierRESTURL:  model.REST,
		stack.ClassifierModel:    classifier.Model,
	}
	if err := r.keepSettings(secrets, servers); err != nil {
		return nil, fmt.Errorf("%s: %w", stack.Housekeeping.Name, err)
	}
	var all []*gateway.Function
	for _, f := range stack.Functions {
		started, err := r.startFunction(f, secrets, servers)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
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
	settings := f.Env(servers)
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
