package run

import (
	"context"
	"os"
	"time"

	"snaptask/deploy/local/process"
)

// startWeb starts the web app.
func (r *runner) startWeb(a *addresses) error {
	log, err := r.log("webapp")
	if err != nil {
		return err
	}
	env := []string{"FUNCTION_URL=" + a.gatewayURL() + "/function/{name}"}
	if value, ok := os.LookupEnv("REGISTRATION"); ok {
		env = append(env, "REGISTRATION="+value)
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
