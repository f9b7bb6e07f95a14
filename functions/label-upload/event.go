package function

import (
	"fmt"
	"net/url"
	"strings"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/web"

	"github.com/go-json-experiment/json"
)

// event has the fields that we read of an S3 event notification:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
type event struct {
	Records []struct {
		EventName string `json:"eventName"` // ObjectCreated:Put; MinIO and versitygw write s3:ObjectCreated:Put
		S3        struct {
			Object struct {
				Key string `json:"key"` // as in a URL's query
			} `json:"object"`
		} `json:"s3"`
	}
}

// created returns the uploads that an event notification says were stored. It skips everything else: a server may report all changes
// of the bucket, and send an event without records as a test. The fault is TooLarge, or Invalid if the body is no JSON object.
func created(body []byte) ([]store.Upload, error) {
	if len(body) > web.MaxJSON {
		return nil, fault.New(fault.TooLarge, "too_large", fmt.Sprintf("The request has more than %d KiB.", web.MaxJSON>>10))
	}
	var e *event
	if err := json.Unmarshal(body, &e); err != nil || e == nil {
		return nil, &fault.Error{Kind: fault.Invalid, Code: "invalid_json", Message: "The request is not an S3 event notification.", Cause: err}
	}
	var uploads []store.Upload
	for _, r := range e.Records {
		name, err := url.QueryUnescape(r.S3.Object.Key)
		if err != nil || !strings.HasPrefix(strings.TrimPrefix(r.EventName, "s3:"), "ObjectCreated:") {
			continue
		}
		if key, err := objects.ParseUploadKey(name); err == nil {
			uploads = append(uploads, store.Upload{UserID: key.UserID, TaskID: key.TaskID, ID: key.ID})
		}
	}
	return uploads, nil
}
