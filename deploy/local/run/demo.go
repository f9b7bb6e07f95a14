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
)

// The account to try things with. It exists on a person's own machine only.
const (
	demoUser     = "demo"
	demoPassword = "demo-password"
	demoVariable = "DEMO_PASSWORD"
)

// demo makes the account unless it is there, through the function register, or through add where that is switched off,
// and says in words how to sign in with it.
func demo(ctx context.Context, base string, add func(ctx context.Context, username, password string) error) (string, error) {
	password := cmp.Or(os.Getenv(demoVariable), demoPassword)
	shown := password
	if password != demoPassword {
		shown = "the one in " + demoVariable
	}
	account := fmt.Sprintf("user %s, password: %s", demoUser, shown)
	status, err := signIn(ctx, base+"/function/register", password)
	switch {
	case err != nil:
		return "", err
	case status == http.StatusOK:
		return account, nil
	case status == http.StatusForbidden:
		err := add(ctx, demoUser, password)
		if err == nil {
			return account, nil
		}
		if !errors.Is(err, errTaken) {
			return "", err
		}
	case status != http.StatusConflict:
		return "", fmt.Errorf("register answers %d", status)
	}
	status, err = signIn(ctx, base+"/function/login", password)
	switch {
	case err != nil:
		return "", err
	case status == http.StatusOK:
		return account, nil
	case status == http.StatusUnauthorized:
		return fmt.Sprintf("user %s, with the password it was made with: %s is not it, and changes nothing here", demoUser, shown), nil
	default:
		return "", fmt.Errorf("login answers %d", status)
	}
}

// signIn sends the demo account to register or login and gives the status.
func signIn(ctx context.Context, address, password string) (int, error) {
	body, err := json.Marshal(map[string]string{"username": demoUser, "password": password})
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
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
