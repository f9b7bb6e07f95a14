// Package serving serves one model with the protocols of TensorFlow Serving, gRPC and REST.
package serving

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"snaptask/deploy/modelserver/graph"
	"snaptask/deploy/modelserver/savedmodel"
	"snaptask/functions/telemetry"
	pb "snaptask/functions/tensorflowpb"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Model is a loaded model under the name that clients use. Its errors have the gRPC codes and messages of TensorFlow Serving.
type Model struct {
	Name    string
	Version int64

	signature *pb.SignatureDef // of savedmodel.DefaultSignature
	input     string           // name in the signature
	output    string           // name in the signature
	program   *graph.Program
	frames    chan *graph.Frame
	metrics   *metrics
}

// concurrent is how many predictions run at the same time. Each uses all cores; the second one fills the first one's gaps.
const concurrent = 2

// Load reads the model under dir (see savedmodel.Find) and prepares it to predict, each prediction on the given number
// of goroutines. The model must have the signature serving_default with one float32 input and one float32 output.
func Load(dir, name string, goroutines int) (*Model, error) {
	folder, version, err := savedmodel.Find(dir)
	if err != nil {
		return nil, err
	}
	meta, err := savedmodel.Read(folder)
	if err != nil {
		return nil, err
	}
	m, err := newModel(meta, goroutines)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", folder, err)
	}
	m.Name, m.Version = name, version
	return m, nil
}

func newModel(meta *pb.MetaGraphDef, goroutines int) (*Model, error) {
	signature, ok := meta.GetSignatureDef()[savedmodel.DefaultSignature]
	if !ok {
		return nil, fmt.Errorf("the model has no signature %s", savedmodel.DefaultSignature)
	}
	if len(signature.GetInputs()) != 1 || len(signature.GetOutputs()) != 1 {
		return nil, fmt.Errorf("the signature %s has %d inputs and %d outputs; one of each is supported",
			savedmodel.DefaultSignature, len(signature.GetInputs()), len(signature.GetOutputs()))
	}
	m := &Model{signature: signature, frames: make(chan *graph.Frame, concurrent), metrics: newMetrics()}
	for m.input = range signature.GetInputs() {
	}
	for m.output = range signature.GetOutputs() {
	}
	var err error
	m.program, err = graph.Compile(meta.GetGraphDef(), signature.GetInputs()[m.input], signature.GetOutputs()[m.output])
	if err != nil {
		return nil, err
	}
	for range concurrent {
		m.frames <- m.program.NewFrame(goroutines)
	}
	return m, nil
}

// find returns an error unless this is the model and version of a request; version is nil for the latest.
func (m *Model) find(name string, version *int64) error {
	switch {
	case name == "":
		return status.Error(codes.InvalidArgument, "ModelSpec has no name specified.")
	case name != m.Name && version != nil, version != nil && *version != m.Version:
		return status.Errorf(codes.NotFound, "Servable not found for request: Specific(%s, %d)", name, *version)
	case name != m.Name:
		return status.Errorf(codes.NotFound, "Servable not found for request: Latest(%s)", name)
	}
	return nil
}

// findSpec is find with the spec of a gRPC request.
func (m *Model) findSpec(spec *pb.ModelSpec) error {
	if label := spec.GetVersionLabel(); label != "" {
		return status.Errorf(codes.InvalidArgument, "Unrecognized servable version label: %s", label)
	}
	return m.find(spec.GetName(), specVersion(spec))
}

// specVersion returns the version in the spec of a gRPC request, or nil.
func specVersion(spec *pb.ModelSpec) *int64 {
	if v := spec.GetVersion(); v != nil {
		return &v.Value
	}
	return nil
}

// statusNotFound returns the error of a status request for an unknown model or version.
func statusNotFound(name string, version *int64) error {
	if version == nil {
		return status.Errorf(codes.NotFound, "Could not find any versions of model %s", name)
	}
	return status.Errorf(codes.NotFound, "Could not find version %d of model %s", *version, name)
}

// checkInputs returns an error unless the names of a request's inputs are those of the signature.
func (m *Model) checkInputs(sent []string) error {
	if len(sent) == 1 && sent[0] == m.input {
		return nil
	}
	slices.Sort(sent)
	extra := slices.DeleteFunc(slices.Clone(sent), func(name string) bool { return name == m.input })
	missing := m.input
	if slices.Contains(sent, m.input) {
		missing = ""
	}
	return status.Errorf(codes.InvalidArgument,
		"input size does not match signature: %d!=1 len({%s}) != len({%s}). Sent extra: {%s}. Missing but required: {%s}.",
		len(sent), strings.Join(sent, ","), m.input, strings.Join(extra, ","), missing)
}

// checkShape returns the batch size of an input of this shape, or an error if the shape does not fit the signature.
func (m *Model) checkShape(shape []int) (batch int, err error) {
	declared := m.signature.GetInputs()[m.input].GetTensorShape().GetDim()
	fits := len(shape) == len(declared) && slices.Equal(shape[1:], m.program.Input)
	if fits && declared[0].GetSize() >= 0 {
		fits = int64(shape[0]) == declared[0].GetSize()
	}
	if !fits {
		want := make([]string, len(declared))
		for i, d := range declared {
			want[i] = strings.Replace(fmt.Sprint(d.GetSize()), "-1", "?", 1)
		}
		return 0, status.Errorf(codes.InvalidArgument, "input %q must have the shape [%s], not %s",
			m.input, strings.Join(want, ","), strings.ReplaceAll(fmt.Sprint(shape), " ", ","))
	}
	return shape[0], nil
}

// predict returns the outputs for the elements of a batch, one after another. It waits for a free frame.
func (m *Model) predict(ctx context.Context, batch int, values []float32) ([]float32, error) {
	size := len(values) / max(batch, 1)
	var outputs []float32
	for i := range batch {
		frame, err := m.frame(ctx)
		if err != nil {
			return nil, err
		}
		m.metrics.running.Inc()
		outputs = append(outputs, frame.Run(values[i*size:(i+1)*size])...)
		m.metrics.running.Dec()
		m.frames <- frame
	}
	return outputs, nil
}

// frame waits for a free frame.
func (m *Model) frame(ctx context.Context) (*graph.Frame, error) {
	_, end := telemetry.Begin(ctx, telemetry.Wait, "wait for other predictions")
	m.metrics.waiting.Inc()
	defer func() {
		m.metrics.waiting.Dec()
		end(ctx.Err())
	}()
	select {
	case frame := <-m.frames:
		return frame, nil
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
}

// outputShape returns the shape of the outputs for a batch.
func (m *Model) outputShape(batch int) []int { return append([]int{batch}, m.program.Output...) }
