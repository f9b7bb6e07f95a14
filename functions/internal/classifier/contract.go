package classifier

import (
	"fmt"

	pb "snaptask/functions/tensorflowpb"
)

// contract is what one version of the model wants and gives.
type contract struct {
	version       int64
	input, output string // as the signature names them
	height, width int
}

// signatureName is the signature that TensorFlow gives a model for serving.
const signatureName = "serving_default"

const (
	classes           = 1000        // of ImageNet-1k
	backgroundClasses = classes + 1 // where class 0 stands for none of them
)

// newContract reads the signature of a model. It must take one float32 tensor [N,H,W,3], H and W given, and give one float32 tensor
// [N,1000] or [N,1001].
func newContract(version int64, signatures map[string]*pb.SignatureDef) (*contract, error) {
	signature, ok := signatures[signatureName]
	if !ok {
		return nil, fmt.Errorf("the served model has no signature %s", signatureName)
	}
	if len(signature.GetInputs()) != 1 || len(signature.GetOutputs()) != 1 {
		return nil, fmt.Errorf("the served model has %d inputs and %d outputs instead of one of each",
			len(signature.GetInputs()), len(signature.GetOutputs()))
	}
	k := &contract{version: version}
	for name, tensor := range signature.GetInputs() {
		shape := sizes(tensor)
		if tensor.GetDtype() != pb.DataType_DT_FLOAT || len(shape) != 4 || !anyBatch(shape[0]) || shape[3] != 3 ||
			!possible(shape[1]) || !possible(shape[2]) {
			return nil, fmt.Errorf("the served model takes %v %v instead of DT_FLOAT [-1 height width 3]", tensor.GetDtype(), shape)
		}
		k.input, k.height, k.width = name, int(shape[1]), int(shape[2])
	}
	for name, tensor := range signature.GetOutputs() {
		shape := sizes(tensor)
		if tensor.GetDtype() != pb.DataType_DT_FLOAT || len(shape) != 2 || !anyBatch(shape[0]) ||
			shape[1] != classes && shape[1] != backgroundClasses {
			return nil, fmt.Errorf("the served model gives %v %v instead of DT_FLOAT [-1 %d]", tensor.GetDtype(), shape, classes)
		}
		k.output = name
	}
	return k, nil
}

func sizes(tensor *pb.TensorInfo) []int64 {
	shape := []int64{}
	for _, d := range tensor.GetTensorShape().GetDim() {
		shape = append(shape, d.GetSize())
	}
	return shape
}

// anyBatch says whether one picture at a time is fine.
func anyBatch(size int64) bool { return size == -1 || size == 1 }

// possible keeps nonsense in the metadata from becoming a huge picture.
func possible(size int64) bool { return size >= 1 && size <= 2048 }
