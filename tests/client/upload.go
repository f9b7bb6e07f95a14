package client

import (
	"bytes"
	"context"
	"io"
	"net/http"
)

// Upload is how to send a photo to the object store, which makes the application label it.
type Upload struct {
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	ExpiresAt string            `json:"expiresAt"`
	Task      Task              `json:"task"`
}

// UploadURL announces a photo for a task.
func (c Client) UploadURL(ctx context.Context, id string, size int, contentType string) (Upload, error) {
	return decode[Upload](c.send(ctx, http.MethodPost, "upload-url?id="+id, map[string]any{"bytes": size, "contentType": contentType}))
}

// WithdrawUpload makes a task await no photo.
func (c Client) WithdrawUpload(ctx context.Context, id string) (Task, error) {
	return decode[Task](c.send(ctx, http.MethodDelete, "upload-url?id="+id, nil))
}

// SendUpload sends the photo to the web server, whose URL must be the client's.
func (c Client) SendUpload(ctx context.Context, u Upload, photo []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, c.URL+u.URL, bytes.NewReader(photo))
	if err != nil {
		return err
	}
	for name, value := range u.Headers {
		request.Header.Set(name, value)
	}
	response, err := httpClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	received, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	answer := Answer{response.StatusCode, response.Header, received}
	if answer.Status == http.StatusOK && len(received) == 0 && answer.Header.Get("X-Call-Id") != "" {
		return nil
	}
	if err := answer.Err(); err != nil {
		return err
	}
	return answer.violates("the answer to an upload has a body, or no X-Call-Id")
}
