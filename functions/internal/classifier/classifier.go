// Package classifier asks TensorFlow Serving, or a server that speaks like it, what a picture shows. It learns the input's name and
// size, the output and the version from the served model's metadata, so that any ImageNet-1k classifier that takes float32 pixels
// [N,H,W,3] in 0..1 and gives logits will do.
package classifier

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"snaptask/functions/internal/config"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Config says where the classifier is and how to talk to it.
type Config struct {
	Protocol string        // "grpc" or "rest"
	Address  string        // for grpc: host:port, or dns:///name:8500 to spread the calls over all addresses of the name
	RESTURL  string        // for rest: http://host:8501
	Model    string        // the name under which the model is served
	Timeout  time.Duration // for one call of InputSize or Classify as a whole, a second try included
}

// Client asks one served model. It may be used by many goroutines at once.
type Client struct {
	server  server
	labels  []string
	timeout time.Duration

	mu    sync.Mutex
	known *contract // what the metadata said last; nil before the first call and when it may have changed
}

// server is one of the two protocols. Its errors carry gRPC codes.
type server interface {
	// metadata describes the latest version of the model.
	metadata(ctx context.Context) (*contract, error)
	// predict gives what the version that c describes says about pixels, [1,H,W,3].
	predict(ctx context.Context, c *contract, pixels []float32) ([]float32, error)
}

// ErrSizeChanged says that another version of the model is served by now, which wants another size: ask InputSize again, scale
// the picture anew and call Classify once more.
var ErrSizeChanged = errors.New("the classifier's input size has changed")

// ReadConfig reads CLASSIFIER_PROTOCOL, CLASSIFIER_ADDRESS, CLASSIFIER_REST_URL, CLASSIFIER_MODEL and CLASSIFIER_TIMEOUT.
func ReadConfig(c *config.Reader) Config {
	return Config{
		Protocol: c.OneOf("CLASSIFIER_PROTOCOL", "grpc", "rest"),
		Address:  c.Text("CLASSIFIER_ADDRESS", "dns:///tensorflow-serving.snaptask:8500"),
		RESTURL:  c.URL("CLASSIFIER_REST_URL", "http://tensorflow-serving.snaptask:8501"),
		Model:    c.Text("CLASSIFIER_MODEL", "efficientnet"),
		Timeout:  c.Duration("CLASSIFIER_TIMEOUT", 20*time.Second, time.Millisecond),
	}
}

// Open returns a Client with the settings that c reads. It dials nothing; c collects what is wrong.
func Open(c *config.Reader) *Client {
	client, err := New(ReadConfig(c))
	if err != nil {
		c.Fail("CLASSIFIER_ADDRESS", "%w", err)
	}
	return client
}

// New checks c and makes a client. It connects at the first call.
func New(c Config) (*Client, error) {
	if c.Model == "" {
		return nil, errors.New("classifier: the model's name is missing")
	}
	if c.Timeout <= 0 {
		return nil, fmt.Errorf("classifier: the timeout is %v; it must be more than 0", c.Timeout)
	}
	labels, err := firstSynonyms()
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

// InputSize is the size in pixels of the pictures that the served model takes. It is kept until Classify finds that another
// version is served. The fault is Unavailable when the classifier is away or serves a model of another kind.
func (c *Client) InputSize(ctx context.Context) (height, width int, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	k, err := c.contract(ctx)
	if err != nil {
		return 0, 0, away(err)
	}
	return k.height, k.width, nil
}

// Classify gives the ten most likely classes of a picture, best first. Its pixels are float32 [1,height,width,3], row-major, RGB,
// 0..1, in the size that InputSize gave; ErrSizeChanged tells that it is not the size any more. The fault is Unavailable when the
// classifier is away, too slow or of another kind, and Unprocessable ("not_classified") when it refuses this very picture.
func (c *Client) Classify(ctx context.Context, pixels []float32, height, width int) ([]task.Prediction, error) {
	if len(pixels) != height*width*3 {
		return nil, fmt.Errorf("classifier: %d pixel values are not %d x %d x 3", len(pixels), height, width)
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	k, err := c.contract(ctx)
	if err != nil {
		return nil, away(err)
	}
	if k.height != height || k.width != width {
		return nil, ErrSizeChanged
	}
	logits, err := c.predict(ctx, k, pixels)
	if outdated(err) {
		k, err = c.changed(ctx, k, err)
		if err != nil {
			return nil, err
		}
		logits, err = c.predict(ctx, k, pixels)
	}
	if err != nil {
		return nil, away(err)
	}
	best, err := c.best(logits)
	if err != nil {
		return nil, away(err)
	}
	return best, nil
}

// outdated says whether a refusal may come of a change of the served version: the one asked for is gone, or does not take what the
// metadata said.
func outdated(err error) bool {
	switch status.Code(err) {
	case codes.NotFound, codes.InvalidArgument, codes.FailedPrecondition:
		return true
	}
	return false
}

// changed reads the metadata again after a refusal. It gives the new contract if that takes the same picture, else the error
// that Classify ends with.
func (c *Client) changed(ctx context.Context, old *contract, refusal error) (*contract, error) {
	c.forget(old)
	k, err := c.contract(ctx)
	switch {
	case err != nil:
		return nil, away(err)
	case k.height != old.height || k.width != old.width:
		return nil, ErrSizeChanged
	case *k != *old:
		return k, nil
	case status.Code(refusal) == codes.InvalidArgument:
		return nil, &fault.Error{
			Kind: fault.Unprocessable, Code: "not_classified",
			Message: "The classifier does not accept this picture.", Cause: refusal,
		}
	}
	return nil, away(refusal)
}

// contract is what the served model wants, asked once and then kept.
func (c *Client) contract(ctx context.Context) (*contract, error) {
	c.mu.Lock()
	known := c.known
	c.mu.Unlock()
	if known != nil {
		return known, nil
	}
	k, err := again(ctx, func() (*contract, error) { return c.server.metadata(ctx) })
	if err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	c.mu.Lock()
	c.known = k
	c.mu.Unlock()
	return k, nil
}

func (c *Client) forget(old *contract) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == old {
		c.known = nil
	}
}

func (c *Client) predict(ctx context.Context, k *contract, pixels []float32) ([]float32, error) {
	logits, err := again(ctx, func() ([]float32, error) { return c.server.predict(ctx, k, pixels) })
	if err != nil {
		return nil, fmt.Errorf("predict: %w", err)
	}
	return logits, nil
}

// pause is the time before a second try, enough for a connection to be made anew.
const pause = 200 * time.Millisecond

// again makes a call, and once more when the server could not be reached.
func again[T any](ctx context.Context, call func() (T, error)) (T, error) {
	result, err := call()
	if status.Code(err) != codes.Unavailable {
		return result, err
	}
	select {
	case <-time.After(pause):
		return call()
	case <-ctx.Done():
		return result, err
	}
}

func away(cause error) error { return fault.Unreachable("The classifier", cause) }
