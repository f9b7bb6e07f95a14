package serving

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"snaptask/deploy/modelserver/savedmodel"
	"snaptask/functions/telemetry"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	maxBody = 16 << 20 // bytes of a REST request: 3 images of 384 pixels, 10 of 224
	bodies  = 4        // REST requests whose bodies are in memory at the same time; others wait
)

// restPath matches /v1/models/NAME, an optional version, and an optional action.
var restPath = regexp.MustCompile(`^/v1/models/([^/:]+)(?:/versions/(\d+))?(/metadata|:[a-z]+)?$`)

// NewREST returns the REST API: status, metadata and predict under /v1/models/, and metrics at metricsPath.
func NewREST(m *Model) http.Handler {
	slots := make(chan struct{}, bodies)
	metrics := m.metrics.handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.URL.Path == metricsPath {
			metrics.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		body, err := m.answer(r, slots)
		if err != nil {
			drain(w, r)
			refuse(w, err)
			return
		}
		w.Write(body)
	})
}

func (m *Model) answer(r *http.Request, slots chan struct{}) ([]byte, error) {
	parts := restPath.FindStringSubmatch(r.URL.Path)
	if parts == nil {
		return nil, malformed(r)
	}
	name, action := parts[1], parts[3]
	version, err := parseVersion(parts[2])
	if err != nil {
		return nil, err
	}
	switch {
	case r.Method == http.MethodGet && action == "":
		if m.find(name, version) != nil {
			return nil, statusNotFound(name, version)
		}
		return indented(m.restStatus()), nil
	case r.Method == http.MethodGet && action == "/metadata":
		if err := m.find(name, version); err != nil {
			return nil, err
		}
		return indented(m.restMetadata()), nil
	case r.Method == http.MethodPost && action == ":predict":
		if err := m.find(name, version); err != nil {
			return nil, err
		}
		var body []byte
		m.measured(r.Context(), entryREST, r.Header.Get(telemetry.TraceparentHeader), func(ctx context.Context) error {
			body, err = m.restPredict(ctx, r, slots)
			return err
		})
		return body, err
	case r.Method == http.MethodPost && strings.HasPrefix(action, ":"):
		return nil, status.Errorf(codes.Unimplemented, "%s is not supported", action[1:])
	}
	return nil, malformed(r)
}

func malformed(r *http.Request) error {
	return status.Errorf(codes.InvalidArgument, "Malformed request: %s %s", r.Method, r.URL.Path)
}

// parseVersion parses the version in a path; nil if there is none.
func parseVersion(text string) (*int64, error) {
	if text == "" {
		return nil, nil
	}
	version, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "Failed to convert version: %s to numeric.", text)
	}
	return &version, nil
}

func (m *Model) restPredict(ctx context.Context, r *http.Request, slots chan struct{}) ([]byte, error) {
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	size := 1
	for _, n := range m.program.Input {
		size *= n
	}
	request, err := decodeRest(body, m.input, size)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	if request.signature != savedmodel.DefaultSignature {
		return nil, status.Errorf(codes.InvalidArgument, "Serving signature name: %q not found in signature def", request.signature)
	}
	batch, err := m.checkShape(request.shape)
	if err != nil {
		return nil, err
	}
	outputs, err := m.predict(ctx, batch, request.values)
	if err != nil {
		return nil, err
	}
	return encodeRest(request.rows, outputs, m.outputShape(batch)), nil
}

// errTooLarge is the error of a body of more than maxBody bytes.
var errTooLarge = fmt.Errorf("the request has more than %d MiB", maxBody>>20)

func readBody(r *http.Request) ([]byte, error) {
	if r.ContentLength > maxBody {
		return nil, errTooLarge
	}
	var body bytes.Buffer
	body.Grow(int(max(r.ContentLength, 0) + bytes.MinRead)) // growing step by step allocates three times as much
	if _, err := body.ReadFrom(io.LimitReader(r.Body, maxBody+1)); err != nil {
		return nil, err
	}
	if body.Len() > maxBody {
		return nil, errTooLarge
	}
	return body.Bytes(), nil
}

// drain reads the rest of a refused body, because many clients read the answer only after they have sent the whole body. A
// client that waits for 100 Continue has sent nothing.
func drain(w http.ResponseWriter, r *http.Request) {
	const (
		maxDrain = 64 << 20 // bytes
		maxTime  = 10 * time.Second
	)
	if r.Header.Get("Expect") == "" {
		http.NewResponseController(w).SetReadDeadline(time.Now().Add(maxTime))
		io.CopyN(io.Discard, r.Body, maxDrain)
	}
}

// refuse answers with the HTTP status for an error's gRPC code, and its message.
func refuse(w http.ResponseWriter, err error) {
	code, message := http.StatusInternalServerError, status.Convert(err).Message()
	switch {
	case errors.Is(err, errTooLarge):
		code, message = http.StatusRequestEntityTooLarge, err.Error()
	case status.Code(err) == codes.InvalidArgument:
		code = http.StatusBadRequest
	case status.Code(err) == codes.NotFound:
		code = http.StatusNotFound
	case status.Code(err) == codes.Unimplemented:
		code = http.StatusNotImplemented
	case status.Code(err) == codes.Canceled, status.Code(err) == codes.DeadlineExceeded:
		code = http.StatusServiceUnavailable
	case status.Code(err) == codes.Unknown: // the body is incomplete
		code = http.StatusBadRequest
	}
	w.WriteHeader(code)
	w.Write(indented(map[string]string{"error": message}))
}

// indented returns v in the format of TensorFlow Serving.
func indented(v any) []byte {
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		panic(err) // maps, slices and strings always encode
	}
	return append(text, '\n')
}
