package classifier

import (
	"fmt"

	pb "snaptask/functions/tensorflowpb"
)

// spec describes the input and output of one version of the model.
type spec struct {
	version       int64
	input, output string // names in the signature
	height, width int
}

// signatureName is the signature under which TensorFlow exports a model for serving.
const signatureName = "serving_default"

const (
	classes           = 1000        // of ImageNet-1k
	backgroundClasses = classes + 1 // where class 0 stands for none of them
)

// newSpec reads the signature of a model. It must have one input, float32 [N,H,W,3] with H and W fixed, and one output,
// float32 [N,1000] or [N,1001].
func newSpec(version int64, signatures map[string]*pb.SignatureDef) (*spec, error) {
	signature, ok := signatures[signatureName]
	if !ok {
		return nil, fmt.Errorf("the served model has no signature %s", signatureName)
	}
	if len(signature.GetInputs()) != 1 || len(signature.GetOutputs()) != 1 {
		return nil, fmt.Errorf("the served model has %d inputs and %d outputs instead of one of each",
			len(signature.GetInputs()), len(signature.GetOutputs()))
	}
	// A picture must not be scaled to a wrong size in the metadata.
	const maxSide = 2048
	oneAtATime := func(batch int64) bool { return batch == -1 || batch == 1 }
	side := func(size int64) bool { return size >= 1 && size <= maxSide }
	s := &spec{version: version}
	for name, tensor := range signature.GetInputs() {
		shape := sizes(tensor)
		if tensor.GetDtype() != pb.DataType_DT_FLOAT || len(shape) != 4 || !oneAtATime(shape[0]) || shape[3] != 3 || !side(shape[1]) || !side(shape[2]) {
			return nil, fmt.Errorf("the served model takes %v %v instead of DT_FLOAT [-1 height width 3]", tensor.GetDtype(), shape)
		}
		s.input, s.height, s.width = name, int(shape[1]), int(shape[2])
	}
	for name, tensor := range signature.GetOutputs() {
		shape := sizes(tensor)
		if tensor.GetDtype() != pb.DataType_DT_FLOAT || len(shape) != 2 || !oneAtATime(shape[0]) || shape[1] != classes && shape[1] != backgroundClasses {
			return nil, fmt.Errorf("the served model returns %v %v instead of DT_FLOAT [-1 %d]", tensor.GetDtype(), shape, classes)
		}
		s.output = name
	}
	return s, nil
}

func sizes(tensor *pb.TensorInfo) []int64 {
	shape := []int64{}
	for _, d := range tensor.GetTensorShape().GetDim() {
		shape = append(shape, d.GetSize())
	}
	return shape
}
