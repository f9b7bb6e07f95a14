// Package stack reads stack.yml, the one place that says what each function is given.
package stack

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"
)

// Function is what stack.yml says of one function.
type Function struct {
	Image       string            `yaml:"image"` // ${IMAGE_PREFIX:-snaptask}/NAME:${IMAGE_TAG:-dev}
	Environment map[string]string `yaml:"environment"`
	Secrets     []string          `yaml:"secrets"` // by the names of their files
	Labels      map[string]string `yaml:"labels"`
	Requests    Resources         `yaml:"requests"`
	Limits      Resources         `yaml:"limits"`
}

// Resources are as Kubernetes writes them: 50m, 64Mi.
type Resources struct {
	CPU    string `yaml:"cpu"`
	Memory string `yaml:"memory"`
}

// Read gives the functions in the file, by name.
func Read(path string) (map[string]Function, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file struct {
		Functions map[string]Function `yaml:"functions"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file.Functions, nil
}

// Replicas gives how many there are at least and at most.
func (f Function) Replicas() (least, most int, err error) {
	if least, err = strconv.Atoi(f.Labels["com.openfaas.scale.min"]); err != nil {
		return 0, 0, err
	}
	most, err = strconv.Atoi(f.Labels["com.openfaas.scale.max"])
	return least, most, err
}

// Grace is how long a replica may take to end: the time in which callers learn that it does, and the time that package
// serve gives to the requests which run then, and some more for the process itself.
func (f Function) Grace() (time.Duration, error) {
	total := 5 * time.Second
	for name, otherwise := range map[string]time.Duration{
		"SHUTDOWN_DELAY": 0, "READ_TIMEOUT": 10 * time.Second, "EXEC_TIMEOUT": 10 * time.Second,
	} {
		bound := otherwise
		if text := f.Environment[name]; text != "" {
			var err error
			if bound, err = time.ParseDuration(text); err != nil {
				return 0, fmt.Errorf("%s: %w", name, err)
			}
		}
		total += bound
	}
	return total, nil
}
