package main

import (
	"context"
	"fmt"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/notification"
)

// uploads is the prefix of the objects that browsers put, of which label-upload is told.
const uploads = "uploads/"

// webhook is the server's target of events, which base/minio.yaml configures by the environment variables MINIO_NOTIFY_WEBHOOK_..._UPLOADS.
var webhook = notification.NewArn("minio", "sqs", "", "UPLOADS", "webhook")

// sendEvents lets the server send an event to the webhook for each upload. A server that does not know the webhook may be about to
// be replaced by one that does, so it is asked again until the timeout.
func (s server) sendEvents(ctx context.Context, bucket string, timeout time.Duration) error {
	client, err := s.client()
	if err != nil {
		return err
	}
	created := notification.NewConfig(webhook)
	created.AddEvents(notification.ObjectCreatedAll)
	created.AddFilterPrefix(uploads)
	var all notification.Configuration
	all.AddQueue(created)
	deadline := time.Now().Add(timeout)
	for {
		err := client.SetBucketNotification(ctx, bucket, all)
		if err == nil || ctx.Err() != nil || minio.ToErrorResponse(err).Code != minio.InvalidArgument {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the server has no target %s: %w", webhook, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}
