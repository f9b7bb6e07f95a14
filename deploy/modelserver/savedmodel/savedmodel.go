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

// FileName is what the file of a SavedModel is called.
const FileName = "saved_model.pb"

// MaxBytes bounds the file; a frozen EfficientNetV2-S has some 86 MB.
const MaxBytes = 256 << 20

// DefaultSignature is the signature that a request means when it names none.
const DefaultSignature = "serving_default"

// serveTag marks the graph that is for serving, as tf.saved_model.SERVING says.
const serveTag = "serve"

// Find gives the folder of the model to serve and its version. dir holds version folders (1, 2, ...), of which the
// highest counts, or a saved_model.pb itself, which is then version 1 or, if dir's name is a number, that version.
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
		return "", 0, fmt.Errorf("%s holds neither %s nor a version folder such as 1", dir, FileName)
	}
	return folder, version, nil
}

func parseVersion(name string) (int64, bool) {
	v, err := strconv.ParseInt(name, 10, 64)
	return v, err == nil && v >= 0
}

// Read gives the graph for serving of the SavedModel in folder. Models with variables, which are kept in files of their
// own, are refused by package graph, since their ops are not among those it knows.
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

// Parse gives the graph for serving out of the bytes of a saved_model.pb: the first one tagged "serve".
func Parse(data []byte) (*pb.MetaGraphDef, error) {
	var model pb.SavedModel
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, &model); err != nil {
		return nil, fmt.Errorf("not a SavedModel, or one cut off: %w", err)
	}
	for _, meta := range model.GetMetaGraphs() {
		if slices.Contains(meta.GetMetaInfoDef().GetTags(), serveTag) {
			return meta, nil
		}
	}
	return nil, errors.New(`no graph is tagged "serve"; the file is not a SavedModel for serving`)
}
