package cluster

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"

	"snaptask/tests/crowd"
	"snaptask/tests/scenario"
)

// rolls brings the functions and the web app to a new version: the images of NEXT_IMAGE_TAG, or else new pods of the same.
func (d *deployment) rolls(t *testing.T) {
	next := os.Getenv("NEXT_IMAGE_TAG")
	everything := append(slices.Clone(d.functions), "webapp")
	people := d.under(t, func(*crowd.Crowd) {
		step(t, "rolled: "+cmp.Or(next, "new pods"), func() {
			for _, name := range everything {
				if next == "" {
					d.kubectl(t, "rollout", "restart", "deployment/"+name)
				} else {
					tagged := ours(name)
					d.kubectl(t, "set", "image", "deployment/"+name, name+"="+tagged[:strings.LastIndex(tagged, ":")+1]+next)
				}
			}
			d.rolled(t, "deployment")
			// Pods that end go on for a while.
			require.Eventually(t, func() bool {
				return !slices.ContainsFunc(d.list(t, "pod", "app.kubernetes.io/part-of=snaptask"), object.ending)
			}, 3*time.Minute, 500*time.Millisecond, "some pods do not end")
		})
	})
	if next != "" {
		for _, name := range everything {
			for _, pod := range d.list(t, "pod", "app.kubernetes.io/name="+name) {
				require.Regexp(t, ":"+regexp.QuoteMeta(next)+"$", pod.Spec.Containers[0].Image, pod.Metadata.Name)
			}
		}
	}
	for status, n := range people.Answers() {
		require.Contains(t, []int{http.StatusOK, http.StatusNotFound, http.StatusConflict, http.StatusUnauthorized}, status, "%d answers", n)
	}
}

// migratesTwice runs the Job of the migration twice at once, on a database that is up to date and used.
func (d *deployment) migratesTwice(t *testing.T) {
	migrate := find(t, d.manifests, "Job", "migrate")
	jobs := []string{"migrate-again", twin + "-again"}
	kubectl(t, text(t, []manifest{migrate.named(t, jobs[0]), migrate.named(t, jobs[1])}, ""), "apply", "--filename=-")
	d.done(t, jobs...)
}

// scales has five pods of a function, and goes on calling until each of them has answered. An autoscaler would take pods away again
// that it knows nothing of, so it is told first.
func (d *deployment) scales(t *testing.T) {
	const name, replicas = "get-tasks", 5
	step(t, "five pods", func() {
		d.kubectl(t, "patch", "horizontalpodautoscaler/"+name, fmt.Sprintf(`--patch={"spec":{"minReplicas":%d,"maxReplicas":%d}}`, replicas, replicas))
		d.kubectl(t, "scale", "deployment/"+name, fmt.Sprintf("--replicas=%d", replicas))
		d.rolled(t, "deployment")
	})
	token := d.SignIn(t, scenario.Demo)
	answered := map[string]int{}
	step(t, "an answer of each", func() {
		require.Eventually(t, func() bool {
			var group sync.WaitGroup
			for range 2 * replicas {
				group.Go(func() {
					if got, err := d.Call("GET", name+"?limit=1", token, nil); err != nil || got.Status != http.StatusOK {
						t.Errorf("%d, %v: %s", got.Status, err, got.Body)
					}
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
	crowd.Pause(t.Context(), 20*time.Second) // an autoscaler looks every 15 s
	ready := 0
	for _, pod := range d.list(t, "pod", "app.kubernetes.io/name="+name) {
		if pod.is("Ready") && !pod.ending() {
			ready++
		}
	}
	require.Equal(t, replicas, ready, "they stay")
}

// secret gives the value of one.
func (d *deployment) secret(t *testing.T, name string) string {
	t.Helper()
	for _, s := range d.list(t, "secret", "") {
		if value, ok := s.Data[name]; ok && s.Metadata.Name == name {
			return strings.TrimSpace(string(value))
		}
	}
	require.Fail(t, "no such secret", name)
	return ""
}

// objects gives a function that names all objects in MinIO.
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

// stored gives a function that counts a task's objects in MinIO.
func (d *deployment) stored(t *testing.T) func(*testing.T, string) int {
	t.Helper()
	objects := d.objects(t)
	return func(t *testing.T, id string) (count int) {
		t.Helper()
		for _, key := range objects(t) {
			if strings.Contains(key, id) {
				count++
			}
		}
		return count
	}
}

// isDiscreet reads the logs of all pods for secrets, people's passwords and what else no log may hold.
func (d *deployment) isDiscreet(t *testing.T) {
	var secrets []string
	for _, s := range d.list(t, "secret", "") {
		for _, value := range s.Data {
			for line := range strings.Lines(string(value)) {
				if line = strings.TrimSpace(line); len(line) >= 12 && !strings.HasPrefix(line, "-----") {
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

// describe says what a namespace holds, after something went wrong.
func (n namespace) describe(t *testing.T) {
	t.Helper()
	for _, args := range [][]string{{"get", "pods,jobs", "--output=wide"}, {"get", "events", "--field-selector=type=Warning,involvedObject.kind!=HorizontalPodAutoscaler"}} {
		out, err := try(t.Context(), nil, append(args, "--namespace="+string(n))...)
		t.Logf("%s%v", out, err)
	}
	for _, pod := range n.list(t, "pod", "") {
		if !pod.is("Ready") {
			out, _ := try(t.Context(), nil, "logs", pod.Metadata.Name, "--all-containers", "--tail=20", "--namespace="+string(n))
			t.Logf("%s says:\n%s", pod.Metadata.Name, out)
		}
	}
}
