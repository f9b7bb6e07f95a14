package run

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"snaptask/deploy/local/process"
	"snaptask/deploy/local/state"
	"snaptask/functions/housekeeping"
)

const (
	housekeepingName = "housekeeping"
	sweepPause       = time.Minute // between two sweeps
	settingsFile     = "housekeeping.json"
	secretsDir       = "SECRETS_DIR"
)

// Housekeeping does what the arguments ask for with the application that runs on the state folder at path, unless
// SECRETS_DIR says whose secrets to use instead. The error is a process.Exit if housekeeping has said itself what is wrong.
func Housekeeping(ctx context.Context, path string, args []string) error {
	needy := len(args) > 0 && slices.Contains([]string{"sweep", "user", "backup", "restore"}, args[0])
	if os.Getenv(secretsDir) == "" && needy {
		if err := takeSettings(path); err != nil {
			return err
		}
	}
	if code := housekeeping.Run(ctx, args, os.Stdin, os.Stdout, os.Stderr); code != housekeeping.Done {
		return process.Exit(code)
	}
	return nil
}

// takeSettings puts into this process's environment how to reach the servers that a runner keeps on the state folder at
// path. What is set already stays.
func takeSettings(path string) error {
	nothing := fmt.Errorf("nothing runs on %s; start it with make run", path)
	kept, err := os.ReadFile(filepath.Join(path, settingsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nothing
	}
	if err != nil {
		return err
	}
	folder, err := state.Open(path)
	if err == nil {
		return errors.Join(nothing, folder.Close())
	}
	if !errors.Is(err, state.ErrInUse) {
		return err
	}
	var settings map[string]string
	if err := json.Unmarshal(kept, &settings); err != nil {
		return fmt.Errorf("%s: %w", settingsFile, err)
	}
	for name, value := range settings {
		if os.Getenv(name) != "" {
			continue
		}
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

// keepSettings writes down for Housekeeping what it may know of all there is.
func (r *runner) keepSettings(secrets, servers map[string]string) error {
	folder := filepath.Join(r.folder.Path, "secrets", housekeepingName)
	if err := writeSecrets(folder, []string{mysqlDSN, s3AccessKey, s3SecretKey}, secrets); err != nil {
		return err
	}
	settings := maps.Clone(servers)
	copyEnv(settings, append([]string{"DB_MAX_OPEN", "ORPHAN_AGE"}, optional...))
	settings[secretsDir] = folder
	text, err := json.MarshalIndent(settings, "", "  ")
	if err != nil {
		return err
	}
	return state.WriteFile(filepath.Join(r.folder.Path, settingsFile), text)
}

// startSweeps sweeps now and again and again, each time in a process of its own as a CronJob does, until stopSweeps. The
// person is told when a sweep fails and when one does not any more.
func (r *runner) startSweeps(ctx context.Context) error {
	log, err := r.log(housekeepingName)
	if err != nil {
		return err
	}
	spec := process.Spec{Path: r.program, Args: []string{"housekeeping", "sweep"}, Env: r.housekeepingEnv(), Log: log, Patience: 10 * time.Second}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	r.stopSweeps = func() {
		cancel()
		<-done
	}
	go func() {
		defer close(done)
		failing := false
		for ctx.Err() == nil {
			err := process.Once(ctx, spec)
			switch {
			case ctx.Err() != nil:
			case err != nil && !failing:
				r.screen.event("the sweep failed and will be tried again; why, is in " + filepath.Join(r.folder.Path, "log", housekeepingName+".log"))
			case err == nil && failing:
				r.screen.event("the sweep works again")
			}
			failing = err != nil
			select {
			case <-ctx.Done():
			case <-time.After(sweepPause):
			}
		}
	}()
	return nil
}

func (r *runner) housekeepingEnv() []string { return []string{"SNAPTASK_STATE=" + r.folder.Path} }

// errTaken says that there is a user of this name.
var errTaken = errors.New("the name is taken")

// addUser makes an account the operator's way, which works with registration switched off too. It gives errTaken when
// there is one of this name.
func (r *runner) addUser(ctx context.Context, username, password string) error {
	var said bytes.Buffer
	add := exec.CommandContext(ctx, r.program, "housekeeping", "user", "add", "--password-stdin", "--", username)
	add.Env = r.housekeepingEnv()
	add.Stdin = strings.NewReader(password)
	add.Stderr = &said
	err := add.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == housekeeping.Refused:
		return errTaken
	case err != nil:
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))
	}
	return nil
}
