// Package tensorflowpb holds the messages and stubs of TensorFlow Serving, generated from the .proto files beside it:
// the subset that the classifier's client and deploy/modelserver speak. A process may link only one such copy.
//
// To generate again: protoc 3.21 (Debian's protobuf-compiler), protoc-gen-go v1.36.12 and protoc-gen-go-grpc v1.6.2.
package tensorflowpb

//go:generate protoc -I . --go_out=. --go_opt=paths=source_relative --go-grpc_out=. --go-grpc_opt=paths=source_relative error_codes.proto tensorflow.proto serving.proto
