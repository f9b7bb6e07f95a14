package run

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"snaptask/functions/stack"
)

// optional are settings that are not in stack.yml; the user may set them for every function.
var optional = []string{"CORS_ORIGINS", "DB_MAX_LIFETIME", "DB_TIMEOUT", "S3_TIMEOUT", "CLASSIFIER_TIMEOUT", objectsPublicURL}

// objectsPublicURL is the setting with the address at which browsers send uploads to the object store, instead of the web server.
const objectsPublicURL = "OBJECTS_PUBLIC_URL"

// settings returns the environment of a function: that of stack.yml, overridden by this process's own, overridden by the
// addresses of this machine's servers.
func settings(f stack.Function, servers map[string]string) map[string]string {
	env := maps.Clone(f.Environment)
	for name := range env {
		if value, ok := os.LookupEnv(name); ok {
			env[name] = value
		}
		if value, ok := servers[name]; ok {
			env[name] = value
		}
	}
	copyEnv(env, optional)
	maps.Copy(env, tracing())
	return env
}

// tracing returns OpenTelemetry's settings in this process's environment, except the service's name: the others are the same for
// every program.
func tracing() map[string]string {
	settings := map[string]string{}
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "OTEL_") && name != "OTEL_SERVICE_NAME" {
			settings[name] = value
		}
	}
	return settings
}

// assignments returns settings in the form NAME=VALUE of an environment.
func assignments(settings map[string]string) (env []string) {
	for name, value := range settings {
		env = append(env, name+"="+value)
	}
	return env
}

// shown returns the settings that the gateway may show: not the headers for a collector, which contain a key as a rule.
func shown(env map[string]string) map[string]string {
	env = maps.Clone(env)
	maps.DeleteFunc(env, func(name, _ string) bool {
		return strings.HasPrefix(name, "OTEL_") && strings.HasSuffix(name, "_HEADERS")
	})
	return env
}

// copyEnv adds those of the named variables that are set in this process's environment.
func copyEnv(env map[string]string, names []string) {
	for _, name := range names {
		if value, ok := os.LookupEnv(name); ok {
			env[name] = value
		}
	}
}

// Repository returns the folder of stack.yml above the program, which is built into the repository, or above the working folder.
func Repository(program string) (string, error) {
	working, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for _, folder := range []string{filepath.Dir(program), working} {
		for {
			if _, err := os.Stat(filepath.Join(folder, "stack.yml")); err == nil {
				return folder, nil
			}
			if folder == filepath.Dir(folder) {
				break
			}
			folder = filepath.Dir(folder)
		}
	}
	return "", errors.New("there is no stack.yml above " + filepath.Dir(program) + " or " + working + ": run this in the repository")
}
