package scenario

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"snaptask/tests/client"
)

// operation is a method of a function that requires a session, as openapi.yaml describes it.
type operation struct {
	function, method string
	takesTask        bool   // whether its query may contain a task's id
	body             []byte // a valid one
	wrongMethod      string // a method that the function does not have
}

// call returns the function's name, with the task's id in the query if it accepts one.
func (o operation) call(task client.Task) string {
	if o.takesTask {
		return o.function + "?id=" + task.ID
	}
	return o.function
}

// operations reads the operations that require a session from openapi.yaml.
func operations(t *testing.T) (all []operation) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(Root(t), "functions", "openapi.yaml"))
	require.NoError(t, err)
	type parameter struct {
		Name string
		Ref  string `yaml:"$ref"`
	}
	var contract struct {
		Paths map[string]map[string]struct {
			Security    *[]any // nil for the default
			Parameters  []parameter
			RequestBody struct {
				Content map[string]struct{ Example map[string]any }
			} `yaml:"requestBody"`
		}
		Components struct{ Parameters map[string]parameter }
	}
	require.NoError(t, yaml.Unmarshal(text, &contract))
	for path, methods := range contract.Paths {
		wrong := slices.IndexFunc([]string{"PATCH", "PUT", "DELETE"}, func(m string) bool { _, has := methods[strings.ToLower(m)]; return !has })
		for method, described := range methods {
			if described.Security != nil {
				continue
			}
			o := operation{
				function: strings.TrimPrefix(path, "/function/"), method: strings.ToUpper(method),
				wrongMethod: []string{"PATCH", "PUT", "DELETE"}[wrong],
			}
			o.takesTask = slices.ContainsFunc(described.Parameters, func(p parameter) bool {
				return p.Name == "id" || contract.Components.Parameters[filepath.Base(p.Ref)].Name == "id"
			})
			for kind, content := range described.RequestBody.Content {
				o.body = Photo(t, "rocket.jpg")
				if kind == "application/json" {
					o.body, err = json.Marshal(content.Example)
					require.NoError(t, err)
				}
			}
			all = append(all, o)
		}
	}
	require.NotEmpty(t, all)
	return all
}

// SessionsAreRequired calls every function that requires a session without one, with tokens of invalid sessions, and with a method
// that the function does not have, and checks that nothing changes.
func SessionsAreRequired(t *testing.T, c client.Client) {
	owner, ended := SignIn(t, c, "owner"), SignIn(t, c, "ended")
	require.NoError(t, ended.Logout(t.Context()))
	task := CreateTask(t, owner, "stays as it is", "coffee.png")
	for _, o := range operations(t) {
		for _, token := range []string{"", "garbage", ended.Token, owner.Token + "x"} {
			RequireStatus(t, http.StatusUnauthorized, client.Client{URL: c.URL, Token: token}, o.method, o.call(task), o.body)
		}
		RequireStatus(t, http.StatusMethodNotAllowed, owner, o.wrongMethod, o.call(task), nil)
	}
	require.Equal(t, task, Task(t, owner, task.ID))
}
