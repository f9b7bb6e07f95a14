package cluster

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// kubectl runs kubectl with this input and returns its output. A warning of the API server fails the test.
func kubectl(t *testing.T, input []byte, args ...string) string {
	t.Helper()
	out, err := try(t.Context(), input, args...)
	require.NoError(t, err)
	return out
}

// warning matches a warning of the API server.
var warning = regexp.MustCompile(`(?m)^Warning: `)

// adopted matches a warning of kubectl itself: apply adopts an object that Kubernetes creates in every namespace.
var adopted = regexp.MustCompile(`(?m)^Warning: resource serviceaccounts/default is missing .*$`)

// try is kubectl, but returns a failure or a warning as an error.
func try(ctx context.Context, input []byte, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "kubectl", args...)
	command.Stdin = bytes.NewReader(input)
	var out, messages bytes.Buffer
	command.Stdout, command.Stderr = &out, &messages
	err := command.Run()
	if err == nil && warning.MatchString(adopted.ReplaceAllString(messages.String(), "")) {
		err = errors.New("a warning")
	}
	if err != nil {
		return "", fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(messages.String()))
	}
	return out.String(), nil
}

// namespace is the name of one.
type namespace string

func (n namespace) kubectl(t *testing.T, args ...string) string {
	t.Helper()
	return kubectl(t, nil, append(args, "--namespace="+string(n))...)
}

// list returns the objects of a kind that have these labels.
func (n namespace) list(t *testing.T, kind, labels string) []object {
	t.Helper()
	var all struct{ Items []object }
	require.NoError(t, json.Unmarshal([]byte(n.kubectl(t, "get", kind, "--selector="+labels, "--output=json")), &all))
	return all.Items
}

// object has those fields of objects that tests read.
type object struct {
	Metadata struct {
		Name              string
		UID               string
		DeletionTimestamp string
		OwnerReferences   []struct{ Name string }
	}
	Data map[string][]byte // of a Secret
	Spec struct {
		Ports []struct {
			Name     string
			NodePort int
		} // of a Service
		Containers []struct{ Image string } // of a Pod
	}
	Status struct {
		Conditions        []struct{ Type, Status string } // of a Pod or a Job
		ContainerStatuses []struct{ RestartCount int }    // of a Pod
	}
}

// is reports whether a condition is true.
func (o object) is(condition string) bool {
	for _, c := range o.Status.Conditions {
		if c.Type == condition {
			return c.Status == "True"
		}
	}
	return false
}

func (o object) ending() bool { return o.Metadata.DeletionTimestamp != "" }

// rolled waits until all objects of a kind, deployment or statefulset, are rolled out.
func (n namespace) rolled(t *testing.T, kind string) {
	t.Helper()
	for _, o := range n.list(t, kind, "") {
		n.kubectl(t, "rollout", "status", kind+"/"+o.Metadata.Name, "--timeout=300s")
	}
}

// done waits until the Jobs are complete.
func (n namespace) done(t *testing.T, jobs ...string) {
	t.Helper()
	for _, job := range jobs {
		if _, err := try(t.Context(), nil, "wait", "--for=condition=complete", "job/"+job, "--timeout=300s", "--namespace="+string(n)); err != nil {
			logs, _ := try(t.Context(), nil, "logs", "job/"+job, "--all-containers", "--namespace="+string(n))
			require.NoError(t, err, "%s", logs)
		}
	}
}

var forwarded = regexp.MustCompile(`^Forwarding from (127\.0\.0\.1:\d+) `)

// forward returns an address of this machine that is forwarded to a port of a Service until the test ends.
func (n namespace) forward(t *testing.T, service string, port int) (address string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "kubectl", "port-forward", "--namespace="+string(n), "service/"+service, fmt.Sprintf(":%d", port))
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() { _ = command.Wait() }) // the test's context has ended it
	lines := make(chan string, 100)
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			select {
			case lines <- s.Text():
			default:
			}
		}
	}()
	select {
	case line := <-lines:
		match := forwarded.FindStringSubmatch(line)
		require.NotNil(t, match, line)
		return match[1]
	case <-time.After(time.Minute):
		require.Fail(t, "kubectl port-forward does not start", service)
		return ""
	}
}
