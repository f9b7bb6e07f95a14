package upload

import (
	"bytes"
	"net/http"
	"testing"

	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/testbed"
	"snaptask/functions/telemetry"

	"github.com/stretchr/testify/require"
)

func TestAnUploadIsLabelledInTheTraceOfItsAnnouncement(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.announced(t, testbed.AddTask(t, f.Tasks, f.ada.Owner))
	photo := testbed.JPEG(t)
	const announcement = "0af7651916cd43dd8448eb211c80319c"
	ctx, call := telemetry.Start(t.Context(), "upload-url", "00-"+announcement+"-b7ad6b7169203331-01")
	put, err := f.Pictures.PresignUpload(ctx, objects.UploadKey(u.UserID, u.TaskID, u.ID), int64(len(photo)), "image/jpeg")
	require.NoError(t, err)
	call.End(false)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, f.bucket.Endpoint+"/"+f.bucket.Bucket+put.URL, bytes.NewReader(photo))
	require.NoError(t, err)
	for name, value := range put.Headers {
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)

	ctx, call = telemetry.Start(t.Context(), "label-upload", "00-11111111111111111111111111111111-2222222222222222-01")
	outcome, err := Finish(ctx, f.Deps, u)
	require.NoError(t, err)
	require.Equal(t, Labelled, outcome)
	call.End(false)
	for _, field := range call.Fields() {
		if field.Key == "trace_id" {
			require.Equal(t, announcement, field.Value.String())
			return
		}
	}
	require.Fail(t, "the call's log line has no trace")
}
