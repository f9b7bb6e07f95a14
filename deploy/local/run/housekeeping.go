package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"snaptask/db"
	"snaptask/deploy/local/process"
	"snaptask/deploy/local/state"
	"snaptask/functions/housekeeping"
)

const (
	housekeepingName = "housekeeping"
	sweepInterval    = time.Minute
	settingsFile     = "housekeeping.json"
	secretsDir       = "SECRETS_DIR"
)

// Housekeeping runs a housekeeping command on the application that runs on the state folder at path, unless SECRETS_DIR names
// other secrets. The error is a process.Exit if the command has printed why it failed.
func Housekeeping(ctx context.Context, path string, args []string) error {
	needsServers := len(args) > 0 && slices.Contains([]string{"sweep", "user", "backup", "restore"}, args[0])
	if os.Getenv(secretsDir) == "" && needsServers {
		if err := loadSettings(path); err != nil {
			return err
		}
	}
	if code := housekeeping.Run(ctx, args, os.Stdin, os.Stdout, os.Stderr); code != housekeeping.Done {
		return process.Exit(code)
	}
	return nil
}

// loadSettings adds the settings that saveSettings wrote to this process's environment.
func loadSettings(path string) error {
	notRunning := fmt.Errorf("nothing runs on %s; start it with make run", path)
	text, err := os.ReadFile(filepath.Join(path, settingsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return notRunning
	}
	if err != nil {
		return err
	}
	folder, err := state.Open(path)
	if err == nil {
		return errors.Join(notRunning, folder.Close())
	}
	if !errors.Is(err, state.ErrInUse) {
		return err
	}
	var settings map[string]string
	if err := json.Unmarshal(text, &settings); err != nil {
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

// saveSettings writes the secrets and settings of housekeeping into the state folder.
func (r *runner) saveSettings(addresses map[string]string) error {
	folder := filepath.Join(r.folder.Path, "secrets", housekeepingName)
	access, secret := s3Keys(housekeepingName)
	if err := writeSecrets(folder, []string{db.SecretOf(housekeepingName), access, secret}, r.secrets); err != nil {
		return err
	}
	settings := maps.Clone(addresses)
	copyEnv(settings, append([]string{"DB_MAX_OPEN", "ORPHAN_AGE"}, optional...))
	maps.Copy(settings, tracing())
	settings[secretsDir] = folder
	text, err := json.MarshalIndent(settings, "", "  ")
	if err != nil {
		return err
	}
	return state.WriteFile(filepath.Join(r.folder.Path, settingsFile), text)
}

func (r *runner) housekeepingEnv() []string { return []string{"SNAPTASK_STATE=" + r.folder.Path} }

// startSweeps runs the sweep every minute, in a separate process as a CronJob does, until stopSweeps. It reports when sweeps
// start to fail and when they succeed again.
func (r *runner) startSweeps(ctx context.Context) error {
	logFile := filepath.Join(r.logFolder(), housekeepingName+".log")
	log, err := process.NewLog(logFile)
	if err != nil {
		return err
	}
	spec := process.Spec{
		Path: r.program, Args: []string{"housekeeping", "sweep"}, Env: r.housekeepingEnv(), Log: log, StopTimeout: 10 * time.Second,
	}
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
			err := process.Run(ctx, spec)
			switch {
			case ctx.Err() != nil:
			case err != nil && !failing:
				r.screen.event("the sweep failed and will be repeated; see " + logFile)
			case err == nil && failing:
				r.screen.event("the sweep works again")
			}
			failing = err != nil
			select {
			case <-ctx.Done():
			case <-time.After(sweepInterval):
			}
		}
	}()
	return nil
}
