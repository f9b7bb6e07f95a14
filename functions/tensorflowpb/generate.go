// Package tensorflowpb contains the messages and stubs of TensorFlow Serving that package classifier and deploy/modelserver
// use. The .proto files are a subset of TensorFlow's, with the same names and field numbers. A process may link only one copy
// of these messages.
//
// To regenerate the Go files, install
//
//	apt-get install protobuf-compiler   # protoc 3.21.12
//	go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
//	go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2
//
// and run `go generate ./tensorflowpb` in the folder functions.
package tensorflowpb

//go:generate protoc -I . --go_out=. --go_opt=paths=source_relative --go-grpc_out=. --go-grpc_opt=paths=source_relative error_codes.proto tensorflow.proto serving.proto
