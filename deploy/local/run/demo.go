package run

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"

	"snaptask/functions/housekeeping"
)

// The demo account, which exists only where `snaptask run` creates it.
const (
	demoUser     = "demo"
	demoPassword = "demo-password"
	demoVariable = "DEMO_PASSWORD"
)

// errTaken is the error of addUser when the user exists.
var errTaken = errors.New("the name is taken")

// demo creates the demo account with add, unless it exists, and returns how to sign in with it.
func demo(ctx context.Context, gatewayURL string, add func(ctx context.Context, username, password string) error) (string, error) {
	password := cmp.Or(os.Getenv(demoVariable), demoPassword)
	shown := password
	if password != demoPassword {
		shown = "the one in " + demoVariable
	}
	account := fmt.Sprintf("user %s, password: %s", demoUser, shown)
	if err := add(ctx, demoUser, password); !errors.Is(err, errTaken) {
		return account, err
	}
	status, err := signIn(ctx, gatewayURL, password)
	switch {
	case err != nil:
		return "", err
	case status == http.StatusOK:
		return account, nil
	case status == http.StatusUnauthorized:
		return fmt.Sprintf("user %s, with the password it was created with: %s is not it, and changes nothing", demoUser, shown), nil
	default:
		return "", fmt.Errorf("login returns %d", status)
	}
}

// signIn signs in with the demo account and returns the status of the response.
func signIn(ctx context.Context, gatewayURL, password string) (int, error) {
	body, err := json.Marshal(map[string]string{"username": demoUser, "password": password})
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, gatewayURL+"/function/login", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// addUser creates an account with the operator's command, which works even if registration is off.
func (r *runner) addUser(ctx context.Context, username, password string) error {
	var stderr bytes.Buffer
	add := exec.CommandContext(ctx, r.program, "housekeeping", "user", "add", "--password-stdin", "--", username)
	add.Env = r.housekeepingEnv()
	add.Stdin = strings.NewReader(password)
	add.Stderr = &stderr
	err := add.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == housekeeping.Refused:
		return errTaken
	case err != nil:
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
	}
	return nil
}
