package classifier

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"snaptask/functions/telemetry"
	pb "snaptask/functions/tensorflowpb"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
)

type restServer struct {
	base   string // http://host:8501/v1/models/NAME
	client *http.Client
}

func newREST(address, model string) (*restServer, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("classifier: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("classifier: the REST URL is %q; it must be a URL such as http://host:8501", address)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	// Short, so that new connections reach all servers of a name.
	transport.IdleConnTimeout = time.Second
	return &restServer{base: u.JoinPath("v1", "models", url.PathEscape(model)).String(), client: &http.Client{Transport: telemetry.Transport(telemetry.Classifier, transport)}}, nil
}

func (r *restServer) metadata(ctx context.Context) (*spec, error) {
	text, err := r.call(ctx, http.MethodGet, r.base+"/metadata", nil)
	if err != nil {
		return nil, err
	}
	var reply struct {
		Spec struct {
			Version int64 `json:"version,string"`
		} `json:"model_spec"`
		Metadata struct {
			SignatureDef json.RawMessage `json:"signature_def"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(text, &reply); err != nil {
		return nil, fmt.Errorf("the answer is no metadata: %w", err)
	}
	var signatures pb.SignatureDefMap
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(reply.Metadata.SignatureDef, &signatures); err != nil {
		return nil, fmt.Errorf("the answer is no metadata: %w", err)
	}
	return newSpec(reply.Spec.Version, signatures.GetSignatureDef())
}

func (r *restServer) predict(ctx context.Context, s *spec, pixels []float32) ([]float32, error) {
	// The column format: {"inputs": {"NAME": [[[[r,g,b],...],...]]}}.
	rows := make([][][]float32, s.height)
	for y := range rows {
		for x := range s.width {
			at := 3 * (y*s.width + x)
			rows[y] = append(rows[y], pixels[at:at+3])
		}
	}
	body, err := json.Marshal(map[string]any{"inputs": map[string]any{s.input: []any{rows}}})
	if err != nil {
		return nil, err
	}
	text, err := r.call(ctx, http.MethodPost, fmt.Sprintf("%s/versions/%d:predict", r.base, s.version), body)
	if err != nil {
		return nil, err
	}
	var reply struct {
		Outputs [][]float32 `json:"outputs"`
	}
	if err := json.Unmarshal(text, &reply); err != nil {
		return nil, fmt.Errorf("the answer is no prediction: %w", err)
	}
	if len(reply.Outputs) != 1 {
		return nil, fmt.Errorf("the answer has %d predictions instead of one", len(reply.Outputs))
	}
	return reply.Outputs[0], nil
}

// maxReply is the maximum size of an answer in bytes; a thousand logits take about 15 KB.
const maxReply = 1 << 20

// call makes one request. The error has the gRPC code that corresponds to the server's HTTP status.
func (r *restServer) call(ctx context.Context, method, address string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	response, err := r.client.Do(request)
	switch {
	case ctx.Err() != nil:
		return nil, status.FromContextError(ctx.Err()).Err()
	case err != nil:
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxReply+1))
	switch {
	case err != nil:
		return nil, status.Error(codes.Unavailable, err.Error())
	case len(text) > maxReply:
		return nil, errors.New("the answer is too long")
	case response.StatusCode == http.StatusOK:
		return text, nil
	}
	return nil, status.Errorf(codeOf(response.StatusCode), "%s: %s", response.Status, text[:min(len(text), 300)])
}

func codeOf(httpStatus int) codes.Code {
	switch httpStatus {
	case http.StatusBadRequest:
		return codes.InvalidArgument
	case http.StatusNotFound:
		return codes.NotFound
	case http.StatusPreconditionFailed:
		return codes.FailedPrecondition
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return codes.Unavailable
	case http.StatusInternalServerError:
		return codes.Internal
	}
	return codes.Unknown
}
