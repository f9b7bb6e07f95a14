package stories

import (
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/functions/telemetry/collectortest"
	"snaptask/tests/application"
	"snaptask/tests/client"
	"snaptask/tests/scenario"
)

// TestUploadIsOneTrace uploads a photo and follows its trace through all programs: the call that announces it, the photo on its way
// through the web server, and the function that labels it after the object store's event.
func TestUploadIsOneTrace(t *testing.T) {
	t.Parallel()
	traces := collectortest.New(t)
	a := application.Start(t, application.NewState(t), "OTEL_EXPORTER_OTLP_ENDPOINT="+traces.URL, "OTEL_BSP_SCHEDULE_DELAY=100")
	user := scenario.SignIn(t, client.Client{URL: a.WebURL}, scenario.Demo)
	task := scenario.CreateTask(t, user, "coffee", "")
	photo := scenario.Photo(t, "coffee.png")
	upload := announce(t, user, task.ID, photo, "image/png")
	require.NoError(t, user.SendUpload(t.Context(), upload, photo))
	require.Equal(t, "done", settled(t, user, task.ID).ImageStatus)

	traceparent := upload.Headers["x-amz-meta-traceparent"]
	require.Regexp(t, "^00-[0-9a-f]{32}-[0-9a-f]{16}-01$", traceparent)
	id := traceparent[3:35]
	for _, want := range []struct{ service, name string }{
		{"webapp", "POST /function/upload-url"},
		{"upload-url", "upload-url"},
		{"webapp", "PUT /uploads/{user}/{task}/{id}"},
		{"modelserver", "predict"},
	} {
		require.Equal(t, want.service, traces.Wait(t, id, want.name).Service, want.name)
	}
	services := map[string]bool{}
	for _, span := range traces.Trace(id) {
		services[span.Service] = true
	}
	require.Contains(t, services, labelUpload)
}
