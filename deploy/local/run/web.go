package run

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"snaptask/deploy/local/process"
	"snaptask/deploy/local/stack"
)

// startWeb starts the web app.
func (r *runner) startWeb(a *addresses) error {
	log, err := r.log("webapp")
	if err != nil {
		return err
	}
	clientKey, err := secret(r.folder, stack.ClientAddressKey)
	if err != nil {
		return err
	}
	folder := filepath.Join(r.folder.Path, "secrets", "webapp")
	if err := writeSecrets(folder, []string{stack.ClientAddressKey}, map[string]string{stack.ClientAddressKey: clientKey}); err != nil {
		return err
	}
	env := []string{"FUNCTION_URL=" + a.gatewayURL() + "/function/{name}", "SECRETS_DIR=" + folder}
	for _, name := range []string{"REGISTRATION", "PUBLIC_GATEWAY_URL"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	r.web = r.launch(process.Spec{
		Name:     "web app",
		Path:     r.program,
		Args:     []string{"webapp"},
		Env:      env,
		Files:    []*os.File{a.web},
		Log:      log,
		Check:    func(ctx context.Context) error { return answers(ctx, a.webURL()+"/healthz") },
		Patience: 10 * time.Second,
	})
	return nil
}
