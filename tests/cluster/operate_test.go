package cluster

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"snaptask/tests/scenario"
	"snaptask/tests/workload"
)

// upgrades rolls the functions and the web app to the images of NEXT_IMAGE_TAG, or to new pods of the same images.
func (d *deployment) upgrades(t *testing.T) {
	next := os.Getenv("NEXT_IMAGE_TAG")
	everything := append(slices.Clone(d.functions), "webapp")
	users := d.during(t, func(*workload.Workload) {
		step(t, "rolled out: "+cmp.Or(next, "new pods"), func() {
			for _, name := range everything {
				if next == "" {
					d.kubectl(t, "rollout", "restart", "deployment/"+name)
				} else {
					d.kubectl(t, "set", "image", "deployment/"+name, name+"="+ours(name, next))
				}
			}
			d.rolled(t, "deployment")
			// Pods take a while to terminate.
			require.Eventually(t, func() bool {
				return !slices.ContainsFunc(d.list(t, "pod", "app.kubernetes.io/part-of=snaptask"), object.ending)
			}, 3*time.Minute, 500*time.Millisecond, "some pods do not terminate")
		})
	})
	if next != "" {
		for _, name := range everything {
			for _, pod := range d.list(t, "pod", "app.kubernetes.io/name="+name) {
				require.Equal(t, ours(name, next), pod.Spec.Containers[0].Image, pod.Metadata.Name)
			}
		}
	}
	for status, n := range users.Answers() {
		require.Contains(t, []int{http.StatusOK, http.StatusNotFound, http.StatusConflict, http.StatusUnauthorized}, status, "%d answers", n)
	}
}

// migratesTwice runs two concurrent Jobs of the migration on a database that is up to date and in use.
func (d *deployment) migratesTwice(t *testing.T) {
	migrate := find(t, d.manifests, "Job", "migrate")
	jobs := []string{"migrate-again", twin + "-again"}
	kubectl(t, text(t, []manifest{migrate.named(t, jobs[0]), migrate.named(t, jobs[1])}, ""), "apply", "--filename=-")
	d.done(t, jobs...)
}

// scales scales a function to five replicas through its autoscaler, and calls it until each of them has answered.
func (d *deployment) scales(t *testing.T) {
	const name, replicas = "get-tasks", 5
	step(t, "five replicas", func() {
		d.kubectl(t, "patch", "horizontalpodautoscaler/"+name, fmt.Sprintf(`--patch={"spec":{"minReplicas":%d,"maxReplicas":%d}}`, replicas, replicas))
		d.kubectl(t, "scale", "deployment/"+name, fmt.Sprintf("--replicas=%d", replicas))
		d.rolled(t, "deployment")
	})
	user := scenario.SignIn(t, d.Client, scenario.Demo)
	answered := map[string]int{}
	step(t, "an answer from each", func() {
		require.Eventually(t, func() bool {
			var group sync.WaitGroup
			for range 2 * replicas {
				group.Go(func() {
					_, _, err := user.Page(t.Context(), url.Values{"limit": {"1"}})
					assert.NoError(t, err)
				})
			}
			group.Wait()
			for _, pod := range d.list(t, "pod", "app.kubernetes.io/name="+name) {
				if n := strings.Count(d.kubectl(t, "logs", pod.Metadata.Name), `"msg":"request"`); n > 0 {
					answered[pod.Metadata.Name] = n
				}
			}
			return len(answered) == replicas
		}, 2*time.Minute, 500*time.Millisecond)
	})
	t.Logf("requests by pod: %v", answered)
	workload.Pause(t.Context(), 20*time.Second) // an autoscaler acts every 15 s
	ready := 0
	for _, pod := range d.list(t, "pod", "app.kubernetes.io/name="+name) {
		if pod.is("Ready") && !pod.ending() {
			ready++
		}
	}
	require.Equal(t, replicas, ready, "the autoscaler leaves them")
}

// secret returns the value of a secret.
func (d *deployment) secret(t *testing.T, name string) string {
	t.Helper()
	return strings.TrimSpace(d.kubectl(t, "get", "secret/"+name, `--output=go-template={{index .data "`+name+`" | base64decode}}`))
}

// objects returns a function that returns the keys of all objects in MinIO.
func (d *deployment) objects(t *testing.T) func(*testing.T) []string {
	t.Helper()
	client, err := minio.New(d.forward(t, "minio", 9000), &minio.Options{
		Creds: credentials.NewStaticV4(d.secret(t, "s3-access-key"), d.secret(t, "s3-secret-key"), ""), Region: "us-east-1",
	})
	require.NoError(t, err)
	return func(t *testing.T) (keys []string) {
		t.Helper()
		for o := range client.ListObjects(t.Context(), "snaptask", minio.ListObjectsOptions{Recursive: true}) {
			require.NoError(t, o.Err)
			keys = append(keys, o.Key)
		}
		return keys
	}
}

// hasDiscreetLogs checks that the logs of all pods reveal no secrets.
func (d *deployment) hasDiscreetLogs(t *testing.T) {
	var secrets []string
	for _, s := range d.list(t, "secret", "") {
		for _, value := range s.Data {
			for _, line := range scenario.SecretLines(string(value)) {
				if len(line) >= 12 { // not a username
					secrets = append(secrets, line)
				}
			}
		}
	}
	require.NotEmpty(t, secrets)
	pods := d.list(t, "pod", "app.kubernetes.io/part-of=snaptask")
	require.NotEmpty(t, pods)
	for _, pod := range pods {
		if pod.ending() {
			continue
		}
		logs := d.kubectl(t, "logs", pod.Metadata.Name, "--all-containers")
		require.Empty(t, scenario.Reveals(logs, secrets), "the log of %s", pod.Metadata.Name)
	}
	t.Logf("%d pods, %d secrets", len(pods), len(secrets))
}

// describe logs the state of a namespace after a failure.
func (n namespace) describe(t *testing.T) {
	t.Helper()
	for _, args := range [][]string{{"get", "pods,jobs", "--output=wide"}, {"get", "events", "--field-selector=type=Warning,involvedObject.kind!=HorizontalPodAutoscaler"}} {
		out, err := try(t.Context(), nil, append(args, "--namespace="+string(n))...)
		t.Logf("%s%v", out, err)
	}
	for _, pod := range n.list(t, "pod", "") {
		if !pod.is("Ready") {
			out, _ := try(t.Context(), nil, "logs", pod.Metadata.Name, "--all-containers", "--tail=20", "--namespace="+string(n))
			t.Logf("log of %s:\n%s", pod.Metadata.Name, out)
		}
	}
}
