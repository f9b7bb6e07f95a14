// Package classifier runs the model server, which implements TensorFlow Serving's protocol.
package classifier

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"snaptask/deploy/local/port"
	"snaptask/deploy/local/process"
)

// Model is the name of the served model.
const Model = "efficientnet"

// MetricsPath is the path of Prometheus metrics on the server of REST, as in TensorFlow Serving.
const MetricsPath = "/monitoring/prometheus/metrics"

// programVariable is the path of the model server's program; by default it is next to this one.
const programVariable = "SNAPTASK_MODELSERVER"

// ErrNotBuilt is the error of New if the program does not exist.
var ErrNotBuilt = errors.New("the model server is not built")

// Server is a model server with its open listeners.
type Server struct {
	GRPC string // HOST:PORT
	REST string // http://HOST:PORT

	program   string
	listeners []*os.File // gRPC, then REST
}

// New opens the listeners of a model server; it does not start it.
func New() (*Server, error) {
	program, err := find()
	if err != nil {
		return nil, err
	}
	grpc, grpcAddress, err := port.Inheritable()
	if err != nil {
		return nil, err
	}
	rest, restAddress, err := port.Inheritable()
	if err != nil {
		return nil, errors.Join(err, grpc.Close())
	}
	return &Server{grpcAddress, "http://" + restAddress, program, []*os.File{grpc, rest}}, nil
}

func find() (string, error) {
	program := os.Getenv(programVariable)
	if program == "" {
		self, err := os.Executable()
		if err != nil {
			return "", err
		}
		program = filepath.Join(filepath.Dir(self), "modelserver")
	}
	if _, err := os.Stat(program); err != nil {
		return "", fmt.Errorf("%w: go build -o %s ./deploy/modelserver, or set %s to the program", ErrNotBuilt, program, programVariable)
	}
	return program, nil
}

// Process returns how to run the server.
func (s *Server) Process() process.Spec {
	return process.Spec{
		Name:        "modelserver",
		Path:        s.program,
		Args:        []string{"-name", Model},
		Env:         []string{"PATH=" + os.Getenv("PATH")},
		Listeners:   s.listeners,
		Check:       process.CheckURL(s.REST + "/v1/models/" + Model),
		StopTimeout: 5 * time.Second,
	}
}
