package kubernetes

import (
	"net/url"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// uploads_test.go checks that what upload-url signs, the web server forwards, MinIO stores and label-upload is told of is the same.

// TestWebServerForwardsToTheStoreThatIsSignedFor compares the settings of upload-url and the web server: the host is part of the signature.
func TestWebServerForwardsToTheStoreThatIsSignedFor(t *testing.T) {
	t.Parallel()
	stack := stackFunctions(t)["upload-url"].Environment
	for _, folder := range []string{"overlays/minikube", "overlays/plain", "overlays/scale", "testdata/elsewhere", "testdata/renamed"} {
		deployments := ofKind(render(t, folder), "Deployment")
		webapp := deployments["webapp"].Spec.Template.Spec.Containers[0]
		for _, name := range []string{"S3_ENDPOINT", "S3_BUCKET"} {
			want := stack[name] // OpenFaaS
			if signer, ok := deployments["upload-url"]; ok {
				want = setting(signer.Spec.Template.Spec.Containers[0], name)
			}
			require.NotEmpty(t, want, "%s: %s", folder, name)
			require.Equal(t, want, setting(webapp, name), "%s: %s", folder, name)
		}
	}
}

func TestMinIOTellsLabelUploadOfUploads(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("bucket/events.go")
	require.NoError(t, err)
	require.Contains(t, string(source), `"UPLOADS", "webhook"`, "the target of the bucket's notification")
	token := stackFunctions(t)["label-upload"].Secrets
	for folder, endpoint := range map[string]string{
		"overlays/minikube": "http://gateway.openfaas:8080/async-function/label-upload",
		"overlays/plain":    "http://label-upload:8080/",
		"overlays/scale":    "http://label-upload:8080/",
		"testdata/renamed":  "http://label-upload:8080/",
	} {
		all := render(t, folder)
		server := ofKind(all, "StatefulSet")["minio"].Spec.Template.Spec.Containers[0]
		require.Equal(t, "on", setting(server, "MINIO_NOTIFY_WEBHOOK_ENABLE_UPLOADS"), folder)
		require.Equal(t, endpoint, setting(server, "MINIO_NOTIFY_WEBHOOK_ENDPOINT_UPLOADS"), folder)
		if address, err := url.Parse(endpoint); err == nil && !strings.Contains(address.Hostname(), ".") {
			require.Contains(t, ofKind(all, "Service"), address.Hostname(), folder)
		}
		for _, e := range server.Env {
			if e.Name == "MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_UPLOADS" {
				require.Contains(t, token, e.ValueFrom.SecretKeyRef.Name, "%s: label-upload accepts another token", folder)
			}
		}
		queue := setting(server, "MINIO_NOTIFY_WEBHOOK_QUEUE_DIR_UPLOADS")
		mounted := false
		for _, m := range server.VolumeMounts {
			mounted = mounted || m.MountPath == path.Dir(queue) && m.MountPath == "/data"
		}
		require.True(t, mounted, "%s: %q is not on the volume", folder, queue)
		require.True(t, strings.HasPrefix(path.Base(queue), "."), "%s: %q could be a bucket", folder, queue)
	}
}

// TestSweepHasTheMemoryOfLabelUpload compares what the two may take: the sweep decodes uploads whose event was lost, and one that it has
// no memory for would end every sweep.
func TestSweepHasTheMemoryOfLabelUpload(t *testing.T) {
	labelUpload := stackFunctions(t)["label-upload"]
	inEach(t, func(t *testing.T, all []object) {
		sweep := ofKind(all, "CronJob")["sweep"].Spec.JobTemplate.Spec.Template.Spec.Containers[0]
		require.GreaterOrEqual(t, quantity(t, sweep.Resources.Limits["memory"]), quantity(t, labelUpload.Limits.Memory))
		require.Equal(t, labelUpload.Environment["GOMEMLIMIT"], setting(sweep, "GOMEMLIMIT"))
	})
}

// TestQueueThatMinIOUsesIsInstalled checks that OpenFaaS has the queue behind /async-function.
func TestQueueThatMinIOUsesIsInstalled(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("operate/steps/openfaas")
	require.NoError(t, err)
	require.Contains(t, string(script), "async=true")
}
