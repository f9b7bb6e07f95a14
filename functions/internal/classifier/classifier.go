// Package classifier classifies pictures with TensorFlow Serving or a server with the same API. It reads the input's name
// and size, the output and the version from the served model's metadata, so it works with any ImageNet-1k classifier that
// accepts float32 pixels [N,H,W,3] in 0..1 and returns logits.
package classifier

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"snaptask/functions/internal/config"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Config locates the classifier.
type Config struct {
	Protocol string        // "grpc" or "rest"
	Address  string        // for grpc: host:port, or dns:///name:8500 to spread the calls over all addresses of the name
	RESTURL  string        // for rest: http://host:8501
	Model    string        // the name under which the model is served
	Timeout  time.Duration // for a whole call of InputSize or Classify, including a retry
}

// Client is a client of one served model. It is safe for concurrent use.
type Client struct {
	server  server
	labels  []string
	timeout time.Duration
	spec    atomic.Pointer[spec] // nil before the first call and when it may have changed
}

// server is one of the two protocols. Its errors carry gRPC codes.
type server interface {
	// metadata describes the latest version of the model.
	metadata(ctx context.Context) (*spec, error)
	// predict returns the logits of the version that s describes for pixels, [1,H,W,3].
	predict(ctx context.Context, s *spec, pixels []float32) ([]float32, error)
}

// ErrSizeChanged means that a new version of the model with another input size is served now: call InputSize again, rescale
// the picture and call Classify once more.
var ErrSizeChanged = errors.New("the classifier's input size has changed")

// Open returns a Client with the settings CLASSIFIER_PROTOCOL, CLASSIFIER_ADDRESS, CLASSIFIER_REST_URL, CLASSIFIER_MODEL and
// CLASSIFIER_TIMEOUT. It dials nothing; c collects the problems.
func Open(c *config.Reader) *Client {
	client, err := New(Config{
		Protocol: c.OneOf("CLASSIFIER_PROTOCOL", "grpc", "rest"),
		Address:  c.Text("CLASSIFIER_ADDRESS", "dns:///tensorflow-serving.snaptask:8500"),
		RESTURL:  c.URL("CLASSIFIER_REST_URL", "http://tensorflow-serving.snaptask:8501"),
		Model:    c.Text("CLASSIFIER_MODEL", "efficientnet"),
		Timeout:  c.Duration("CLASSIFIER_TIMEOUT", 20*time.Second, time.Millisecond),
	})
	if err != nil && c.Err() == nil { // else c has the cause
		c.Fail("CLASSIFIER_ADDRESS", "%w", err)
	}
	return client
}

// New checks c and returns a Client. The Client connects at its first call.
func New(c Config) (*Client, error) {
	if c.Model == "" {
		return nil, errors.New("classifier: the model's name is missing")
	}
	if c.Timeout <= 0 {
		return nil, fmt.Errorf("classifier: the timeout is %v; it must be more than 0", c.Timeout)
	}
	labels, err := readLabels()
	if err != nil {
		return nil, err
	}
	client := &Client{labels: labels, timeout: c.Timeout}
	switch c.Protocol {
	case "grpc":
		client.server, err = newGRPC(c.Address, c.Model)
	case "rest":
		client.server, err = newREST(c.RESTURL, c.Model)
	default:
		err = fmt.Errorf("classifier: the protocol is %q; it must be grpc or rest", c.Protocol)
	}
	if err != nil {
		return nil, err
	}
	return client, nil
}

// InputSize returns the served model's input size in pixels. It is cached until Classify finds that another version is served.
// The fault is Unavailable when the classifier can't be reached or serves a model of another kind.
func (c *Client) InputSize(ctx context.Context) (height, width int, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	s, err := c.currentSpec(ctx)
	if err != nil {
		return 0, 0, unavailable(err)
	}
	return s.height, s.width, nil
}

// Classify returns the ten most likely classes of a picture, best first. Its pixels are float32 [1,height,width,3], row-major,
// RGB, 0..1, of the size that InputSize returned; if that has changed, the error is ErrSizeChanged. The fault is Unavailable
// when the classifier can't be reached, is too slow or serves a model of another kind, and Unprocessable ("not_classified")
// when it refuses this picture.
func (c *Client) Classify(ctx context.Context, pixels []float32, height, width int) ([]task.Prediction, error) {
	if len(pixels) != height*width*3 {
		return nil, fmt.Errorf("classifier: %d pixel values are not %d x %d x 3", len(pixels), height, width)
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	s, err := c.currentSpec(ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	if s.height != height || s.width != width {
		return nil, ErrSizeChanged
	}
	logits, err := c.predict(ctx, s, pixels)
	switch status.Code(err) {
	case codes.NotFound, codes.InvalidArgument, codes.FailedPrecondition:
		// The version may have been unloaded, or its input may differ from its metadata.
		if s, err = c.refresh(ctx, s, err); err != nil {
			return nil, err
		}
		logits, err = c.predict(ctx, s, pixels)
	}
	if err != nil {
		return nil, unavailable(err)
	}
	best, err := c.best(logits)
	if err != nil {
		return nil, unavailable(err)
	}
	return best, nil
}

// currentSpec returns the cached spec, or that of the model served now.
func (c *Client) currentSpec(ctx context.Context) (*spec, error) {
	if s := c.spec.Load(); s != nil {
		return s, nil
	}
	s, err := retry(ctx, func() (*spec, error) { return c.server.metadata(ctx) })
	if err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	c.spec.Store(s)
	return s, nil
}

// refresh reads the spec again after a refusal. It returns one that differs from old and has the same input size, or the error
// for Classify to return.
func (c *Client) refresh(ctx context.Context, old *spec, refusal error) (*spec, error) {
	c.spec.CompareAndSwap(old, nil)
	s, err := c.currentSpec(ctx)
	switch {
	case err != nil:
		return nil, unavailable(err)
	case s.height != old.height || s.width != old.width:
		return nil, ErrSizeChanged
	case *s != *old:
		return s, nil
	case status.Code(refusal) == codes.InvalidArgument:
		return nil, &fault.Error{
			Kind: fault.Unprocessable, Code: "not_classified",
			Message: "The classifier does not accept this photo.", Cause: refusal,
		}
	}
	return nil, unavailable(refusal)
}

func (c *Client) predict(ctx context.Context, s *spec, pixels []float32) ([]float32, error) {
	logits, err := retry(ctx, func() ([]float32, error) { return c.server.predict(ctx, s, pixels) })
	if err != nil {
		return nil, fmt.Errorf("predict: %w", err)
	}
	return logits, nil
}

// retryDelay is enough to reconnect.
const retryDelay = 200 * time.Millisecond

// retry makes a call, and repeats it once if the server can't be reached.
func retry[T any](ctx context.Context, call func() (T, error)) (T, error) {
	result, err := call()
	if status.Code(err) != codes.Unavailable {
		return result, err
	}
	select {
	case <-time.After(retryDelay):
		return call()
	case <-ctx.Done():
		return result, err
	}
}

func unavailable(cause error) error { return fault.Unreachable("The classifier", cause) }
