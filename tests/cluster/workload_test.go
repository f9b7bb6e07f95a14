package cluster

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"snaptask/tests/workload"
)

// during runs a workload while disturb runs. No acknowledged change may be lost, and the web app must answer every request.
func (d *deployment) during(t *testing.T, disturb func(*workload.Workload)) *workload.Workload {
	t.Helper()
	w := workload.Run(t, workload.Options{
		Client: d.Client, Seed: uint64(rand.Uint32()), Users: 2, Windows: 2, Recovery: 3 * time.Minute,
	}, disturb, func() { d.sweep(t) })
	require.Zero(t, w.Answers()[workload.Lost], "requests without an answer")
	return w
}

// sweep runs the CronJob's sweep once, with additional environment variables.
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

// sweepsOnSchedule lets the CronJob start a sweep, whose pod is new to the network policies, and requires that it succeeds at
// the first attempt.
func (d *deployment) sweepsOnSchedule(t *testing.T) {
	const own = "app.kubernetes.io/component=housekeeping"
	was := d.kubectl(t, "get", "cronjob/sweep", "--output=jsonpath={.spec.schedule}")
	before := d.list(t, "job", own)
	d.kubectl(t, "patch", "cronjob/sweep", `--patch={"spec":{"schedule":"* * * * *"}}`)
	defer d.kubectl(t, "patch", "cronjob/sweep", fmt.Sprintf(`--patch={"spec":{"schedule":%q}}`, was))
	isOld := func(job object) bool {
		return slices.ContainsFunc(before, func(old object) bool { return old.Metadata.UID == job.Metadata.UID })
	}
	var scheduled object
	require.Eventually(t, func() bool {
		for _, job := range d.list(t, "job", own) {
			if len(job.Metadata.OwnerReferences) > 0 && !isOld(job) && (job.is("Complete") || job.is("Failed")) {
				scheduled = job
				return true
			}
		}
		return false
	}, 4*time.Minute, time.Second, "no scheduled sweep ends")
	name := scheduled.Metadata.Name
	logs := d.kubectl(t, "logs", "job/"+name)
	require.True(t, scheduled.is("Complete"), "%s", logs)
	pods := d.list(t, "pod", "job-name="+name)
	require.Len(t, pods, 1, "%s needed more than one pod", name)
	for _, c := range pods[0].Status.ContainerStatuses {
		require.Zero(t, c.RestartCount, "%s", logs)
	}
}

// losesServers deletes the pods of MySQL, MinIO and the model server in turn, and then MySQL's again with almost no time to stop.
func (d *deployment) losesServers(t *testing.T) {
	d.during(t, func(w *workload.Workload) {
		for _, server := range []struct{ name, grace string }{{"mysql", ""}, {"minio", ""}, {"tensorflow-serving", ""}, {"mysql", "1"}} {
			args := []string{"delete", "pod", "--selector=app.kubernetes.io/name=" + server.name, "--wait=false"}
			if server.grace != "" {
				args = append(args, "--grace-period="+server.grace)
			}
			pods := d.list(t, "pod", "app.kubernetes.io/name="+server.name)
			before := w.Answers()
			step(t, "pod replaced: "+server.name, func() {
				d.kubectl(t, args...)
				d.replaced(t, server.name, pods)
				workload.Pause(t.Context(), 8*time.Second)
			})
			meanwhile := w.Answers()
			for status := range meanwhile {
				meanwhile[status] -= before[status]
			}
			t.Logf("          answers by status meanwhile: %v", meanwhile)
			if server.name == "mysql" {
				require.NotZero(t, meanwhile[http.StatusServiceUnavailable], "users see that MySQL is unavailable")
			}
		}
	})
}

// replaced waits until there are as many pods of this name as before, all of them new and ready.
func (d *deployment) replaced(t *testing.T, name string, before []object) {
	t.Helper()
	isOld := func(pod object) bool {
		return slices.ContainsFunc(before, func(old object) bool { return pod.Metadata.UID == old.Metadata.UID })
	}
	require.Eventually(t, func() bool {
		pods := d.list(t, "pod", "app.kubernetes.io/name="+name)
		return len(pods) == len(before) && !slices.ContainsFunc(pods, func(pod object) bool { return isOld(pod) || !pod.is("Ready") })
	}, 5*time.Minute, 500*time.Millisecond, "%s is not ready again", name)
}
