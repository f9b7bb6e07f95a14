// Package classifier starts the model server that stands in for TensorFlow Serving.
package classifier

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"snaptask/deploy/local/port"
	"snaptask/deploy/local/process"
)

// Model is the name under which the model is served.
const Model = "efficientnet"

// programVariable names the model server's program where it isn't beside this process's own.
const programVariable = "SNAPTASK_MODELSERVER"

// ErrNotBuilt is what New gives where there is no model server to run.
var ErrNotBuilt = errors.New("the model server is not built")

// Server is a model server with the listeners that its processes inherit, one after another.
type Server struct {
	GRPC string // HOST:PORT
	REST string // http://HOST:PORT

	program string
	files   []*os.File // gRPC, then REST, as the program wants them
}

// New opens the listeners of a model server.
func New() (*Server, error) {
	program, err := find()
	if err != nil {
		return nil, err
	}
	grpc, grpcAddress, err := port.Local()
	if err != nil {
		return nil, err
	}
	rest, restAddress, err := port.Local()
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

// Process is how to run the server.
func (s *Server) Process(log *process.Log) process.Spec {
	return process.Spec{
		Name:     "modelserver",
		Path:     s.program,
		Args:     []string{"-name", Model},
		Env:      []string{"PATH=" + os.Getenv("PATH")},
		Files:    s.files,
		Log:      log,
		Check:    s.Check,
		Patience: 5 * time.Second,
	}
}

// Check is nil when the server has the model.
func (s *Server) Check(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.REST+"/v1/models/"+Model, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", response.Status)
	}
	return nil
}
