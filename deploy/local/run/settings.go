package run

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"snaptask/functions/stack"
)

// optional are the settings which stack.yml leaves at their defaults and a person may set for every function.
var optional = []string{"CORS_ORIGINS", "DB_MAX_LIFETIME", "DB_TIMEOUT", "S3_TIMEOUT", "CLASSIFIER_TIMEOUT"}

// settings returns the environment of a function: what stack.yml names, with the addresses of this machine's servers, and
// with what is set in this process's own environment.
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

// readStack parses the stack.yml of the repository in which this program was built, or else of the one around the working
// folder.
func readStack(program string) (stack.File, error) {
	working, err := os.Getwd()
	if err != nil {
		return stack.File{}, err
	}
	for _, folder := range []string{filepath.Dir(program), working} {
		for {
			file, err := stack.Read(filepath.Join(folder, "stack.yml"))
			if !errors.Is(err, fs.ErrNotExist) {
				return file, err
			}
			if folder == filepath.Dir(folder) {
				break
			}
			folder = filepath.Dir(folder)
		}
	}
	return stack.File{}, errors.New("there is no stack.yml above " + filepath.Dir(program) + " or " + working + ": run this in the repository")
}
