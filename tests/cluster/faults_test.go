package cluster

import (
	"context"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"snaptask/tests/crowd"
	"snaptask/tests/scenario"
)

// under has people use the application while do goes on, which starts when they are at work, and sees that nothing that was
// acknowledged to them is lost.
func (d *deployment) under(t *testing.T, do func(*crowd.Crowd)) *crowd.Crowd {
	t.Helper()
	people, err := crowd.New(t.Context(), crowd.Options{
		URL: d.URL, Photos: scenario.Photos(t), Seed: uint64(rand.Uint32()), Persons: 2, Windows: 2, Patience: 3 * time.Minute,
	})
	require.NoError(t, err)
	working, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		people.Work(working)
	}()
	defer func() {
		stop()
		<-ended
		if t.Failed() {
			t.Log(people)
		}
	}()
	crowd.Pause(t.Context(), 5*time.Second)
	do(people)
	stop()
	<-ended
	step(t, "sweep, and compare with what was acknowledged", func() {
		people.Settle(t.Context())
		d.sweep(t)
		people.Verify(t.Context())
	})
	t.Log(people)
	require.Empty(t, people.Violations())
	there, _ := people.Compared()
	require.NotZero(t, there)
	require.Zero(t, people.Answers()[crowd.Lost], "the web app answers whatever happens")
	return people
}

// sweep does what the CronJob does every few minutes, with further settings.
func (d *deployment) sweep(t *testing.T, settings ...any) {
	t.Helper()
	cron := find(t, d.manifests, "CronJob", "sweep")
	job := cron.named(t, "sweep-"+time.Now().Format("150405"))
	job["kind"] = "Job"
	job["spec"] = job["spec"].(map[string]any)["jobTemplate"].(map[string]any)["spec"]
	visit(map[string]any(job), func(node map[string]any) {
		if env, ok := node["env"].([]any); ok {
			node["env"] = append(env, settings...)
		}
	})
	kubectl(t, text(t, []manifest{job}, ""), "create", "--filename=-")
	d.done(t, job.metadata()["name"].(string))
}

// serversDie deletes the pods of MySQL, MinIO and the model server in turn, MySQL's at last without time to end well.
func (d *deployment) serversDie(t *testing.T) {
	d.under(t, func(people *crowd.Crowd) {
		for _, server := range []struct{ name, kind, grace string }{
			{"mysql", "statefulset", ""}, {"minio", "statefulset", ""}, {"tensorflow-serving", "deployment", ""}, {"mysql", "statefulset", "1"},
		} {
			args := []string{"delete", "pod", "--selector=app.kubernetes.io/name=" + server.name, "--wait=false"}
			if server.grace != "" {
				args = append(args, "--grace-period="+server.grace)
			}
			before := d.list(t, "pod", "app.kubernetes.io/name="+server.name)
			answers := people.Answers()
			step(t, "away and back: "+server.name, func() {
				d.kubectl(t, args...)
				d.replaced(t, server.name, before)
				crowd.Pause(t.Context(), 8*time.Second)
			})
			now := people.Answers()
			for status := range now {
				now[status] -= answers[status]
			}
			t.Logf("          answers by status meanwhile: %v", now)
			if server.name == "mysql" {
				require.NotZero(t, now[http.StatusServiceUnavailable], "somebody has noticed")
			}
		}
	})
}

// replaced waits until pods that were not there before are ready, and nothing else of this name is there.
func (d *deployment) replaced(t *testing.T, name string, before []object) {
	t.Helper()
	require.Eventually(t, func() bool {
		pods := d.list(t, "pod", "app.kubernetes.io/name="+name)
		for _, pod := range pods {
			for _, old := range before {
				if pod.Metadata.UID == old.Metadata.UID {
					return false
				}
			}
			if !pod.is("Ready") {
				return false
			}
		}
		return len(pods) == len(before)
	}, 5*time.Minute, 500*time.Millisecond, "%s does not come back", name)
}
