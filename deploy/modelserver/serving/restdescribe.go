package serving

import (
	"strconv"

	"snaptask/deploy/modelserver/savedmodel"
	pb "snaptask/functions/tensorflowpb"
)

// object is a JSON object as TensorFlow Serving writes it: 64-bit numbers as strings, and default values included.
type object map[string]any

func (m *Model) restStatus() object {
	return object{"model_version_status": []object{{
		"version": strconv.FormatInt(m.Version, 10),
		"state":   pb.ModelVersionStatus_AVAILABLE.String(),
		"status":  object{"error_code": pb.Code_OK.String(), "error_message": ""},
	}}}
}

func (m *Model) restMetadata() object {
	signature := object{
		"inputs":      restTensors(m.signature.GetInputs()),
		"outputs":     restTensors(m.signature.GetOutputs()),
		"method_name": m.signature.GetMethodName(),
		"defaults":    object{},
	}
	return object{
		"model_spec": object{"name": m.Name, "signature_name": "", "version": strconv.FormatInt(m.Version, 10)},
		"metadata": object{
			signatureDef: object{signatureDef: object{savedmodel.DefaultSignature: signature}},
		},
	}
}

func restTensors(tensors map[string]*pb.TensorInfo) object {
	all := object{}
	for name, t := range tensors {
		dims := []object{}
		for _, d := range t.GetTensorShape().GetDim() {
			dims = append(dims, object{"size": strconv.FormatInt(d.GetSize(), 10), "name": d.GetName()})
		}
		all[name] = object{
			"dtype":        t.GetDtype().String(),
			"tensor_shape": object{"dim": dims, "unknown_rank": t.GetTensorShape().GetUnknownRank()},
			"name":         t.GetName(),
		}
	}
	return all
}
