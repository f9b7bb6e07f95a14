// Package stack parses stack.yml, the table of functions that faas-cli deploys.
package stack

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Function is one entry of stack.yml. Merge keys and aliases are resolved, variables such as ${IMAGE_TAG:-dev} are not.
type Function struct {
	Name                   string            `yaml:"-"`
	Lang                   string            `yaml:"lang"`       // folder below template/
	Handler                string            `yaml:"handler"`    // folder of the package, from the repository
	BuildArgs              map[string]string `yaml:"build_args"` // of the template's Dockerfile
	Image                  string            `yaml:"image"`
	ReadOnlyRootFilesystem bool              `yaml:"readonly_root_filesystem"`
	Environment            map[string]string `yaml:"environment"`
	Secrets                []string          `yaml:"secrets"` // names of files in /var/openfaas/secrets
	Labels                 map[string]string `yaml:"labels"`
	Annotations            map[string]string `yaml:"annotations"`
	Requests               Resources         `yaml:"requests"`
	Limits                 Resources         `yaml:"limits"`
}

// Resources are quantities as Kubernetes writes them: 50m, 64Mi.
type Resources struct {
	CPU    string `yaml:"cpu"`
	Memory string `yaml:"memory"`
}

// File is what stack.yml contains.
type File struct {
	Functions map[string]Function
	Copy      []string // paths that faas-cli adds to the build context of every function
}

// Read parses the stack.yml at path.
func Read(path string) (File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return File{}, err
	}
	var file struct {
		Functions     map[string]Function `yaml:"functions"`
		Configuration struct {
			Copy []string `yaml:"copy"`
		} `yaml:"configuration"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return File{}, fmt.Errorf("%s: %w", path, err)
	}
	for name, f := range file.Functions {
		f.Name = name
		file.Functions[name] = f
	}
	return File{file.Functions, file.Configuration.Copy}, nil
}

// MySQLSecret returns the name of the secret with the address of the function's account in the database.
func (f Function) MySQLSecret() string { return secretOf("mysql-dsn", f.Environment["DB_ACCOUNT"]) }

// S3Secrets returns the names of the secrets with the access key and the secret key of the function's account in the object store.
func (f Function) S3Secrets() (access, secret string) {
	account := f.Environment["S3_ACCOUNT"]
	return secretOf("s3-access-key", account), secretOf("s3-secret-key", account)
}

// secretOf returns the name of a secret that each account has.
func secretOf(name, account string) string {
	if account == "" {
		return name
	}
	return name + "-" + account
}

// CallsMySQL reports whether the function has the secret that connects it to the database.
func (f Function) CallsMySQL() bool { return slices.Contains(f.Secrets, f.MySQLSecret()) }

// UsesS3 reports whether the function has the secrets of an account of the object store.
func (f Function) UsesS3() bool {
	access, secret := f.S3Secrets()
	return slices.Contains(f.Secrets, access) && slices.Contains(f.Secrets, secret)
}

// CallsS3 reports whether the function sends requests to the object store. With the account upload it only signs those that clients
// send.
func (f Function) CallsS3() bool { return f.UsesS3() && f.Environment["S3_ACCOUNT"] != "upload" }

// Replicas returns the bounds between which the function scales.
func (f Function) Replicas() (least, most int, err error) {
	if least, err = f.count("com.openfaas.scale.min"); err != nil {
		return 0, 0, err
	}
	most, err = f.count("com.openfaas.scale.max")
	return least, most, err
}

func (f Function) count(label string) (int, error) {
	n, err := strconv.Atoi(f.Labels[label])
	if err != nil {
		return 0, fmt.Errorf("%s: %s must be a number, not %q", f.Name, label, f.Labels[label])
	}
	return n, nil
}

// MaxConnections returns how many connections to the database all replicas may open, including the extra replica of a rolling
// update. Each may open DB_MAX_OPEN, and one more that ends abandoned statements.
func (f Function) MaxConnections() (int, error) {
	_, most, err := f.Replicas()
	if err != nil {
		return 0, err
	}
	each, err := strconv.Atoi(f.Environment["DB_MAX_OPEN"])
	if err != nil {
		return 0, fmt.Errorf("%s: DB_MAX_OPEN must be a number, not %q", f.Name, f.Environment["DB_MAX_OPEN"])
	}
	return (most + 1) * (each + 1), nil
}

// MemoryLimit returns limits.memory in bytes.
func (f Function) MemoryLimit() (int64, error) {
	mebibytes, err := strconv.ParseInt(strings.TrimSuffix(f.Limits.Memory, "Mi"), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: limits.memory must be a quantity such as 64Mi, not %q", f.Name, f.Limits.Memory)
	}
	return mebibytes << 20, nil
}

// Duration returns a setting, or the default of package serve if stack.yml does not set it.
func (f Function) Duration(setting string, otherwise time.Duration) (time.Duration, error) {
	text := f.Environment[setting]
	if text == "" {
		return otherwise, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%s: %s must be a duration such as 5s, not %q", f.Name, setting, text)
	}
	return d, nil
}

// Grace returns how long a replica may take to stop: SHUTDOWN_DELAY, during which it is removed from the endpoints, the time
// that package serve allows running requests, and 5 s for the process itself.
func (f Function) Grace() (time.Duration, error) {
	total := 5 * time.Second
	for setting, otherwise := range map[string]time.Duration{
		"SHUTDOWN_DELAY": 0, "QUEUE_TIME": 5 * time.Second, "READ_TIMEOUT": 10 * time.Second, "EXEC_TIMEOUT": 10 * time.Second,
	} {
		d, err := f.Duration(setting, otherwise)
		if err != nil {
			return 0, err
		}
		total += d
	}
	return total, nil
}
