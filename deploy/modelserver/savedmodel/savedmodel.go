// Package savedmodel finds and reads TensorFlow SavedModels whose weights are frozen into their graph.
package savedmodel

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	pb "snaptask/functions/tensorflowpb"

	"google.golang.org/protobuf/proto"
)

// FileName is the name of the file of a SavedModel.
const FileName = "saved_model.pb"

// MaxBytes is the largest file that Read accepts; a frozen EfficientNetV2-S has about 86 MB.
const MaxBytes = 256 << 20

// DefaultSignature is the signature that a request uses if it names none.
const DefaultSignature = "serving_default"

// serveTag marks the graph for serving, tf.saved_model.SERVING.
const serveTag = "serve"

// Find returns the folder of the model to serve, and its version. dir contains version folders (1, 2, ...), of which the
// highest is returned, or a saved_model.pb, whose version is dir's name if that is a number, else 1.
func Find(dir string) (folder string, version int64, err error) {
	if _, err := os.Stat(filepath.Join(dir, FileName)); err == nil {
		absolute, err := filepath.Abs(dir)
		if err != nil {
			return "", 0, err
		}
		if v, ok := parseVersion(filepath.Base(absolute)); ok {
			return dir, v, nil
		}
		return dir, 1, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", 0, err
	}
	version = -1
	for _, e := range entries {
		if v, ok := parseVersion(e.Name()); ok && v > version {
			folder, version = filepath.Join(dir, e.Name()), v
		}
	}
	if version < 0 {
		return "", 0, fmt.Errorf("%s contains neither %s nor a version folder such as 1", dir, FileName)
	}
	return folder, version, nil
}

func parseVersion(name string) (int64, bool) {
	v, err := strconv.ParseInt(name, 10, 64)
	return v, err == nil && v >= 0
}

// Read returns the graph for serving of the SavedModel in folder. It does not read variables, which have files of their own;
// package graph refuses the operations that use them.
func Read(folder string) (*pb.MetaGraphDef, error) {
	path := filepath.Join(folder, FileName)
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > MaxBytes {
		return nil, fmt.Errorf("%s has %d bytes; at most %d are read", path, info.Size(), MaxBytes)
	}
	data, err := io.ReadAll(io.LimitReader(file, info.Size()))
	if err != nil {
		return nil, err
	}
	meta, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return meta, nil
}

// Parse returns the graph for serving from the bytes of a saved_model.pb: the first one tagged "serve".
func Parse(data []byte) (*pb.MetaGraphDef, error) {
	var model pb.SavedModel
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, &model); err != nil {
		return nil, fmt.Errorf("not a SavedModel, or incomplete: %w", err)
	}
	for _, meta := range model.GetMetaGraphs() {
		if slices.Contains(meta.GetMetaInfoDef().GetTags(), serveTag) {
			return meta, nil
		}
	}
	return nil, errors.New(`no graph is tagged "serve"; the file is not a SavedModel for serving`)
}
