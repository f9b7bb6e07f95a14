package functions_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/functions/stack"
)

// rule forbids imports. Package patterns are those of go list: a path, or a path and "/..." to include all packages below it.
// "function" stands for every function, "std" for the standard library.
type rule struct {
	sentence  string
	importers []string
	except    []string // of the importers
	linked    bool     // indirect imports count too
	forbidden []string
	allowed   []string // of the forbidden
}

const (
	internal  = "snaptask/functions/internal/"
	telemetry = "snaptask/functions/telemetry"
)

var rules = []rule{
	{
		sentence:  "only deploy and tests import deploy",
		importers: []string{"snaptask/..."}, except: []string{"snaptask/deploy/...", "snaptask/tests/..."},
		forbidden: []string{"snaptask/deploy/..."},
	},
	{
		sentence:  "nothing imports tests",
		importers: []string{"snaptask/..."}, except: []string{"snaptask/tests/..."},
		forbidden: []string{"snaptask/tests/..."},
	},
	{
		sentence:  "functions requires no sibling of the workspace, so that an image builds from functions/ alone",
		importers: []string{"snaptask/functions/..."},
		forbidden: []string{"snaptask/..."}, allowed: []string{"snaptask/functions/..."},
	},
	{
		sentence:  "the model server imports only the protocol of the functions, and telemetry",
		importers: []string{"snaptask/deploy/modelserver/..."},
		forbidden: []string{"snaptask/..."}, allowed: []string{"snaptask/deploy/modelserver/...", "snaptask/functions/tensorflowpb", telemetry},
	},
	{
		sentence:  "the web server imports nothing of the functions but telemetry",
		importers: []string{"snaptask/webapp/server/..."},
		forbidden: []string{"snaptask/..."}, allowed: []string{"snaptask/webapp/server/...", telemetry},
	},
	{
		sentence:  "what builds images and deploys to Kubernetes imports nothing of the program but the parser of stack.yml",
		importers: []string{"snaptask/deploy/images/...", "snaptask/deploy/kubernetes/..."},
		forbidden: []string{"snaptask/..."}, allowed: []string{"snaptask/deploy/images/...", "snaptask/deploy/kubernetes/...", "snaptask/functions/stack"},
	},
	{
		sentence:  "a function never imports another function, and of our own only what is under internal",
		importers: []string{"function"},
		forbidden: []string{"function", "snaptask/..."}, allowed: []string{internal + "..."},
	},
	{
		sentence:  "shared packages import no function",
		importers: []string{internal + "...", "snaptask/functions/serve", "snaptask/functions/tensorflowpb"},
		forbidden: []string{"function"},
	},
	{
		sentence:  "the server around a function imports only config, fault, turns, web, telemetry and its connections",
		importers: []string{"snaptask/functions/serve"},
		forbidden: []string{"snaptask/..."}, allowed: []string{internal + "config", internal + "fault", internal + "turns", internal + "web", "snaptask/functions/serve/connections", telemetry},
	},
	{
		sentence:  "store, objects and picture import task, fault, config, dial, telemetry and their driver, never each other, never web",
		importers: []string{internal + "store", internal + "objects", internal + "picture"},
		forbidden: []string{"snaptask/..."},
		allowed:   []string{internal + "task", internal + "fault", internal + "text", internal + "config", internal + "dial", internal + "picture/...", telemetry},
	},
	{
		sentence:  "the JPEG codec needs only the standard library",
		importers: []string{internal + "picture/jpeg"},
		forbidden: []string{"..."}, allowed: []string{"std"},
	},
	{
		sentence:  "classifier imports task, fault, config, telemetry and TensorFlow Serving's messages, never the other clients",
		importers: []string{internal + "classifier"},
		forbidden: []string{"snaptask/..."},
		allowed:   []string{internal + "task", internal + "fault", internal + "config", "snaptask/functions/tensorflowpb", telemetry},
	},
	{
		sentence:  "deletion joins store and objects",
		importers: []string{internal + "deletion"},
		forbidden: []string{"snaptask/..."},
		allowed:   []string{internal + "store", internal + "objects", internal + "task", internal + "fault"},
	},
	{
		sentence:  "backlog joins store and telemetry",
		importers: []string{internal + "backlog"},
		forbidden: []string{"snaptask/..."}, allowed: []string{internal + "store", internal + "config", telemetry},
	},
	{
		sentence:  "recognition joins objects, picture and classifier",
		importers: []string{internal + "recognition"},
		forbidden: []string{"snaptask/..."},
		allowed:   []string{internal + "objects", internal + "picture", internal + "classifier", internal + "task", internal + "fault", telemetry},
	},
	{
		sentence:  "upload joins recognition and deletion, and what they join",
		importers: []string{internal + "upload"},
		forbidden: []string{"snaptask/..."},
		allowed: []string{internal + "recognition", internal + "deletion", internal + "store", internal + "objects", internal + "picture",
			internal + "classifier", internal + "task", internal + "fault", telemetry},
	},
	{
		sentence:  "housekeeping imports no function, no server and no HTTP",
		importers: []string{"snaptask/functions/housekeeping/..."},
		forbidden: []string{"function", "snaptask/functions/serve", internal + "web", "net/http"},
	},
	{
		sentence:  "auth imports task, fault, text, turns and config",
		importers: []string{internal + "auth"},
		forbidden: []string{"snaptask/..."}, allowed: []string{internal + "task", internal + "fault", internal + "text", internal + "turns", internal + "config"},
	},
	{
		sentence:  "credentials joins auth and store",
		importers: []string{internal + "credentials"},
		forbidden: []string{"snaptask/..."},
		allowed:   []string{internal + "auth", internal + "store", internal + "task", internal + "fault"},
	},
	{
		sentence:  "telemetry imports only config",
		importers: []string{telemetry},
		forbidden: []string{"snaptask/..."}, allowed: []string{internal + "config"},
	},
	{
		sentence:  "config needs only the standard library",
		importers: []string{internal + "config"},
		forbidden: []string{"..."}, allowed: []string{"std"},
	},
	{
		sentence:  "turns needs only the standard library and telemetry",
		importers: []string{internal + "turns"},
		forbidden: []string{"..."}, allowed: []string{"std", telemetry},
	},
	{
		sentence:  "task imports nothing but fault, text and UUIDs",
		importers: []string{internal + "task"},
		forbidden: []string{"..."}, allowed: []string{"std", internal + "fault", internal + "text", "github.com/google/uuid"},
	},
	{
		sentence:  "text needs only the standard library and Unicode's tables",
		importers: []string{internal + "text"},
		forbidden: []string{"..."}, allowed: []string{"std", "golang.org/x/text/..."},
	},
	{
		sentence:  "a fault needs only the standard library",
		importers: []string{internal + "fault"}, linked: true,
		forbidden: []string{"..."}, allowed: []string{"std"},
	},
	{
		sentence:  "only web imports net/http, except the clients of the object store and the classifier",
		importers: []string{internal + "..."},
		except:    []string{internal + "web", internal + "objects", internal + "classifier", internal + "testbed"},
		forbidden: []string{"net/http"},
	},
	{
		sentence:  "only tests use the packages for tests, and read openapi.yaml",
		importers: []string{"snaptask/..."}, except: packagesForTests, linked: true,
		forbidden: append([]string{"testing", "github.com/stretchr/testify/...", "github.com/getkin/kin-openapi/..."}, packagesForTests...),
	},
	{
		sentence:  "a function without secrets of the object store in stack.yml does not link the object store's client",
		importers: []string{"function"}, except: functionsThat(stack.Function.UsesS3), linked: true,
		forbidden: []string{"github.com/minio/minio-go/..."},
	},
	{
		sentence:  "a function without CLASSIFIER_ADDRESS in stack.yml links neither the classifier's client nor the decoders of images",
		importers: []string{"function"}, except: functionsThat(hasClassifier), linked: true,
		forbidden: []string{"google.golang.org/grpc/...", "snaptask/functions/tensorflowpb", "golang.org/x/image/...", "image/..."},
	},
}

var packagesForTests = []string{internal + "testbed", telemetry + "/collectortest", "snaptask/tests/application", "snaptask/tests/relay", "snaptask/tests/scenario", "snaptask/tests/workload"}

// functionsThat returns the paths of the functions whose entries in stack.yml satisfy the condition.
func functionsThat(condition func(stack.Function) bool) []string {
	table, err := stack.Read("../stack.yml")
	if err != nil {
		panic(err)
	}
	var paths []string
	for name, f := range table.Functions {
		if condition(f) {
			paths = append(paths, "snaptask/functions/"+name)
		}
	}
	return paths
}

func hasSecret(name string) func(stack.Function) bool {
	return func(f stack.Function) bool { return slices.Contains(f.Secrets, name) }
}

func hasClassifier(f stack.Function) bool { return f.Environment["CLASSIFIER_ADDRESS"] != "" }

// source is a package as `go list -json` describes it.
type source struct {
	ImportPath, Name, Dir  string
	Standard               bool
	Imports, Deps, GoFiles []string
}

func TestImportsFollowTheRules(t *testing.T) {
	t.Parallel()
	known := listPackages(t)
	for _, r := range rules {
		t.Run(r.sentence, func(t *testing.T) {
			t.Parallel()
			for _, pattern := range slices.Concat(r.importers, r.except) {
				require.True(t, slices.ContainsFunc(ours(known), func(p source) bool { return p.isOne([]string{pattern}) }),
					"%q in the rule names no package", pattern)
			}
			for _, problem := range r.broken(known) {
				t.Errorf("%s: %s", problem, r.sentence)
			}
		})
	}
}

// broken returns the imports that the rule forbids.
func (r rule) broken(known map[string]source) []string {
	var problems []string
	for _, importer := range ours(known) {
		if !importer.isOne(r.importers) || importer.isOne(r.except) {
			continue
		}
		verb, imports := " imports ", importer.Imports
		if r.linked {
			verb, imports = " links ", importer.Deps
		}
		for _, path := range imports {
			imported := known[path]
			if path != importer.ImportPath && imported.isOne(r.forbidden) && !imported.isOne(r.allowed) {
				problems = append(problems, importer.ImportPath+verb+path)
			}
		}
	}
	return problems
}

func (p source) isOne(patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		switch parent, all := strings.CutSuffix(pattern, "..."); {
		case pattern == "function":
			return p.Name == "function"
		case pattern == "std":
			return p.Standard
		case all:
			return strings.HasPrefix(p.ImportPath+"/", parent)
		}
		return p.ImportPath == pattern
	})
}

// ours returns the packages of this repository.
func ours(known map[string]source) []source {
	var own []source
	for _, p := range known {
		if p.isOne([]string{"snaptask/..."}) {
			own = append(own, p)
		}
	}
	slices.SortFunc(own, func(a, b source) int { return strings.Compare(a.ImportPath, b.ImportPath) })
	return own
}

// listPackages returns the packages of the workspace and all of their dependencies, by path.
func listPackages(t *testing.T) map[string]source {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-e", "-deps", "-json=ImportPath,Name,Dir,Standard,Imports,Deps,GoFiles",
		"./functions/...", "./tests/...", "./db/...", "./webapp/server/...", "./deploy/images/...", "./deploy/kubernetes/...", "./deploy/local/...", "./deploy/modelserver/...")
	list.Dir = ".."
	list.Stderr = os.Stderr
	text, err := list.Output()
	require.NoError(t, err)
	known := map[string]source{}
	decoder := json.NewDecoder(bytes.NewReader(text))
	for {
		var p source
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return known
		}
		require.NoError(t, err)
		known[p.ImportPath] = p
	}
}

func TestOnlyLoginHoldsTheSigningKey(t *testing.T) {
	t.Parallel()
	signers := []string{"snaptask/functions/login"}
	var holders []string
	for _, p := range ours(listPackages(t)) {
		if p.isOne([]string{internal + "testbed"}) || !p.isOne([]string{"snaptask/functions/..."}) {
			continue
		}
		for _, file := range p.GoFiles {
			text, err := os.ReadFile(filepath.Join(p.Dir, file))
			require.NoError(t, err)
			if bytes.Contains(text, []byte("auth.OpenSigner")) || bytes.Contains(text, []byte("auth.NewSigner")) {
				require.Contains(t, signers, p.ImportPath, "%s can make tokens: only login holds the signing key", p.ImportPath)
				holders = append(holders, p.ImportPath)
			}
		}
	}
	require.ElementsMatch(t, signers, slices.Compact(holders))
	require.ElementsMatch(t, signers, functionsThat(hasSecret("token-signing-key")), "stack.yml")
}

func TestOnlyLabelUploadIsCalledWithASecret(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"snaptask/functions/label-upload"}, functionsThat(hasSecret("upload-event-token")), "stack.yml")
	require.NotContains(t, functionsThat(hasSecret("token-public-keys")), "snaptask/functions/label-upload", "nobody signs in to it")
}

// TestFunctionsHaveNoSecretThatTheyDoNotUse compares the secrets and servers in stack.yml with the packages that use them.
func TestFunctionsHaveNoSecretThatTheyDoNotUse(t *testing.T) {
	t.Parallel()
	known := listPackages(t)
	for user, holders := range map[string][]string{
		"store":      functionsThat(stack.Function.CallsMySQL),
		"objects":    functionsThat(stack.Function.UsesS3),
		"classifier": functionsThat(hasClassifier),
	} {
		for _, holder := range holders {
			require.Contains(t, known[holder].Deps, internal+user, "%s: its entry in stack.yml is for package %s", holder, user)
		}
	}
	for _, holder := range functionsThat(hasSecret("client-address-key")) {
		text, err := os.ReadFile(filepath.Join(known[holder].Dir, "handler.go"))
		require.NoError(t, err)
		require.True(t, bytes.Contains(text, []byte("auth.OpenClients")), "%s: client-address-key in stack.yml is for functions that limit calls by address", holder)
	}
}

func TestBrokenRulesAreFound(t *testing.T) {
	t.Parallel()
	known := map[string]source{
		"fmt":                {ImportPath: "fmt", Standard: true},
		"example.org/driver": {ImportPath: "example.org/driver"},
		"snaptask/a":         {ImportPath: "snaptask/a", Imports: []string{"fmt", "snaptask/b"}, Deps: []string{"fmt", "snaptask/b", "example.org/driver"}},
		"snaptask/b":         {ImportPath: "snaptask/b", Imports: []string{"example.org/driver"}, Deps: []string{"example.org/driver"}},
	}
	for name, c := range map[string]struct {
		rule rule
		want []string
	}{
		"direct":        {rule{importers: []string{"snaptask/..."}, forbidden: []string{"snaptask/..."}}, []string{"snaptask/a imports snaptask/b"}},
		"linked":        {rule{importers: []string{"snaptask/a"}, linked: true, forbidden: []string{"example.org/..."}}, []string{"snaptask/a links example.org/driver"}},
		"not linked":    {rule{importers: []string{"snaptask/a"}, forbidden: []string{"example.org/..."}}, nil},
		"excepted":      {rule{importers: []string{"snaptask/..."}, except: []string{"snaptask/a"}, forbidden: []string{"snaptask/..."}}, nil},
		"allowed":       {rule{importers: []string{"snaptask/b"}, forbidden: []string{"..."}, allowed: []string{"example.org/driver"}}, nil},
		"standard only": {rule{importers: []string{"snaptask/b"}, forbidden: []string{"..."}, allowed: []string{"std"}}, []string{"snaptask/b imports example.org/driver"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, c.rule.broken(known))
		})
	}
}
