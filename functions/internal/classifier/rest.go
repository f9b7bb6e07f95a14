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
	"strconv"
	"time"

	pb "snaptask/functions/tensorflowpb"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
)

type restServer struct {
	base   string // http://host:8501/v1/models/NAME
	client *http.Client
}

// idleTime is how long a connection without a call is kept: not long, so that new ones lead to all the servers of a name.
const idleTime = time.Second

func newREST(address, model string) (*restServer, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("classifier: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("classifier: the REST URL is %q; one such as http://host:8501 is needed", address)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.IdleConnTimeout = idleTime
	return &restServer{base: u.JoinPath("v1", "models", url.PathEscape(model)).String(), client: &http.Client{Transport: transport}}, nil
}

func (s *restServer) metadata(ctx context.Context) (*contract, error) {
	text, err := s.call(ctx, http.MethodGet, s.base+"/metadata", nil)
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
	return newContract(reply.Spec.Version, signatures.GetSignatureDef())
}

func (s *restServer) predict(ctx context.Context, c *contract, pixels []float32) ([]float32, error) {
	body := encodePixels(pixels, c)
	text, err := s.call(ctx, http.MethodPost, fmt.Sprintf("%s/versions/%d:predict", s.base, c.version), body)
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

// maxReply bounds what is read of an answer; a thousand logits take some 15 KB.
const maxReply = 1 << 20

// call makes one request. A refusal becomes the gRPC code that the server's status stands for.
func (s *restServer) call(ctx context.Context, method, address string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	response, err := s.client.Do(request)
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
	code, ok := map[int]codes.Code{
		http.StatusBadRequest:          codes.InvalidArgument,
		http.StatusNotFound:            codes.NotFound,
		http.StatusPreconditionFailed:  codes.FailedPrecondition,
		http.StatusBadGateway:          codes.Unavailable,
		http.StatusServiceUnavailable:  codes.Unavailable,
		http.StatusGatewayTimeout:      codes.Unavailable,
		http.StatusInternalServerError: codes.Internal,
	}[response.StatusCode]
	if !ok {
		code = codes.Unknown
	}
	return nil, status.Errorf(code, "%s: %s", response.Status, text[:min(len(text), 300)])
}

// byteNumbers holds n/255 as text for each n: almost every value of a picture is one of them.
var byteNumbers = func() (table [256]string) {
	for n := range table {
		table[n] = strconv.FormatFloat(float64(float32(n)/255), 'g', -1, 32)
	}
	return table
}()

// encodePixels writes a predict request in the column format: {"inputs": {"NAME": [[[[r,g,b],...],...]]}}.
func encodePixels(pixels []float32, c *contract) []byte {
	name, err := json.Marshal(c.input)
	if err != nil {
		panic(err) // a string always encodes
	}
	text := make([]byte, 0, 13*len(pixels)+len(name)+64)
	text = append(text, `{"inputs":{`...)
	text = append(text, name...)
	text = append(text, ":["...)
	for i, p := range pixels {
		text = append(text, opening(i, c.width)...)
		if n := p * 255; n >= 0 && n <= 255 && float32(int(n+0.5))/255 == p {
			text = append(text, byteNumbers[int(n+0.5)]...)
		} else {
			text = strconv.AppendFloat(text, float64(p), 'g', -1, 32)
		}
		if i%3 == 2 {
			text = append(text, ']')
		}
		if i%(3*c.width) == 3*c.width-1 {
			text = append(text, ']')
		}
	}
	return append(text, "]]}}"...)
}

// opening is what stands before the i-th value of a picture: a comma or brackets.
func opening(i, width int) string {
	switch {
	case i == 0:
		return "[[["
	case i%(3*width) == 0:
		return ",[["
	case i%3 == 0:
		return ",["
	}
	return ","
}
