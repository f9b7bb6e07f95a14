package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"

	"snaptask/tests/client"
)

// photo is what a person uploads.
type photo struct {
	data    []byte
	size    string // in pixels, which identifies the photo among those of a task
	refusal string // the code for which it can't be a task's photo, or ""
}

// newPhoto returns a JPEG of random size, of up to 1 MB; one in eight is cut off, and one is none at all.
func newPhoto(random *rand.Rand) photo {
	canvas := image.NewRGBA(image.Rect(0, 0, 64+random.IntN(900), 64+random.IntN(900)))
	for i := range canvas.Pix {
		canvas.Pix[i] = uint8(random.Uint32())
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, canvas, nil) // writing to a buffer can't fail
	p := photo{data: b.Bytes(), size: fmt.Sprintf("%dx%d", canvas.Rect.Dx(), canvas.Rect.Dy())}
	switch random.IntN(8) {
	case 0:
		p.data, p.refusal = p.data[:len(p.data)/2], "picture_broken"
	case 1:
		p.data, p.refusal = bytes.Repeat([]byte("no photo"), 1000), "picture_type"
	}
	return p
}

func sizeOf(t *testing.T, data []byte) string {
	config, _, err := image.DecodeConfig(bytes.NewReader(data))
	assert.NoError(t, err)
	return fmt.Sprintf("%dx%d", config.Width, config.Height)
}

// work creates a task and uploads a photo for it, sometimes after another one.
func (c *crowd) work(user client.Client, random *rand.Rand) {
	id := uuid.Must(uuid.NewV7()).String()
	untilDone(c, "create-task", func() (client.Task, error) {
		return user.CreateTask(c.t.Context(), id, client.Draft{Title: "photo", DueDate: "2026-12-24"})
	})
	if random.IntN(4) == 0 {
		replaced := c.upload(user, id, newPhoto(random))
		c.count("replaced")
		time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
		defer c.deliver(replaced) // after the event of the photo that replaces it
	}
	p := newPhoto(random)
	announced := c.upload(user, id, p)
	c.mu.Lock()
	c.sent = append(c.sent, sent{user, id, announced.Task.Version, p})
	c.mu.Unlock()
	if random.IntN(3) == 0 {
		for range 1 + random.IntN(3) {
			c.deliveries.Go(func() { c.deliver(announced) })
		}
	}
}

// upload announces a photo and uploads it, until the upload is acknowledged.
func (c *crowd) upload(user client.Client, id string, p photo) client.Upload {
	var announced client.Upload
	web := client.Client{URL: c.app.WebURL}
	for stored := false; !stored && !c.t.Failed(); {
		restarts := c.restarts.Load()
		announced = untilDone(c, "upload-url", func() (client.Upload, error) {
			return user.UploadURL(c.t.Context(), id, len(p.data), "image/jpeg")
		})
		untilDone(c, "PUT", func() (struct{}, error) {
			err := web.SendUpload(c.t.Context(), announced, p.data)
			stored = err == nil
			if codeOf(err) == "upload_refused" && c.restarts.Load() > restarts { // the object store's address is another one, and was signed
				err = nil
			}
			return struct{}{}, err
		})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, eventOf(announced))
	return announced
}

// untilDone repeats a call until it is acknowledged. It may fail only because something is not available.
func untilDone[T any](c *crowd, what string, do func() (T, error)) T {
	for begun := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		value, err := do()
		if err == nil {
			return value
		}
		c.count(what + " repeated")
		if !slices.Contains([]int{0, http.StatusTooManyRequests, http.StatusServiceUnavailable}, client.Status(err)) || time.Since(begun) > 2*time.Minute {
			c.t.Errorf("%s: %v", what, err)
			return value
		}
	}
}

func (c *crowd) count(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[what]++
}

// eventOf returns the event of an upload, as an object store sends it.
func eventOf(u client.Upload) []byte {
	event, _ := json.Marshal(map[string]any{"Records": []any{map[string]any{ // these types can always be encoded
		"eventName": "s3:ObjectCreated:Put",
		"s3":        map[string]any{"object": map[string]any{"key": keyOf(u)}},
	}}})
	return event
}

// keyOf returns the key under which an upload is stored.
func keyOf(u client.Upload) string {
	key, _, _ := strings.Cut(strings.TrimPrefix(u.URL, "/"), "?")
	return key
}

// sendEvent sends an event as the object store does.
func sendEvent(ctx context.Context, url, token string, event []byte) error {
	answer, err := client.Send(ctx, http.MethodPost, url, token, event)
	if err != nil {
		return err
	}
	return answer.Err()
}

// deliver sends the event of an upload once more, as the object store does.
func (c *crowd) deliver(u client.Upload) { c.deliverEvent(eventOf(u)) }

// deliverEvent sends an event, which may get lost.
func (c *crowd) deliverEvent(event []byte) {
	answer, err := client.Send(c.t.Context(), http.MethodPost, c.app.URL+"/async-function/label-upload", c.token, event)
	if err == nil && answer.Status == http.StatusAccepted {
		c.count("events repeated")
	}
}

// deliverAgain sends all events again, twice and in any order.
func (c *crowd) deliverAgain(random *rand.Rand) {
	c.deliveries.Wait()
	c.app.WaitReady(c.t)
	for range 2 {
		random.Shuffle(len(c.events), func(i, j int) { c.events[i], c.events[j] = c.events[j], c.events[i] })
		for _, event := range c.events {
			c.deliverEvent(event)
		}
	}
}
