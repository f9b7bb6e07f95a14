package run

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"snaptask/deploy/local/process"
)

// startWeb starts the web app.
func (r *runner) startWeb(a *addresses) error {
	log, err := r.log("webapp")
	if err != nil {
		return err
	}
	clientKey, err := secret(r.folder, clientAddressKey)
	if err != nil {
		return err
	}
	folder := filepath.Join(r.folder.Path, "secrets", "webapp")
	if err := writeSecrets(folder, []string{clientAddressKey}, map[string]string{clientAddressKey: clientKey}); err != nil {
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
