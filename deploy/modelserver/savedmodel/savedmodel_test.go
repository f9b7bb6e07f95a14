package savedmodel

import (
	"os"
	"path/filepath"
	"testing"

	pb "snaptask/functions/tensorflowpb"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
)

func TestFindReturnsTheHighestVersion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, _, err := Find(dir)
	require.ErrorContains(t, err, "contains neither saved_model.pb nor a version folder")

	for _, name := range []string{"2", "10", "9", "latest", "-3", "11.bak"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o755))
	}
	folder, version, err := Find(dir)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "10"), folder)
	require.EqualValues(t, 10, version)

	_, _, err = Find(filepath.Join(dir, "gone"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestFindAcceptsAFolderWithAModel(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int64{"7": 7, "lite": 1} {
		dir := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.Mkdir(dir, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, FileName), nil, 0o600))
		folder, version, err := Find(dir)
		require.NoError(t, err)
		require.Equal(t, dir, folder)
		require.Equal(t, want, version)
	}
}

func TestReadReturnsTheGraphForServing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(data []byte) { require.NoError(t, os.WriteFile(filepath.Join(dir, FileName), data, 0o600)) }
	graph := func(version string, tags ...string) *pb.MetaGraphDef {
		return &pb.MetaGraphDef{MetaInfoDef: &pb.MetaGraphDef_MetaInfoDef{Tags: tags, TensorflowVersion: version}}
	}
	data, err := proto.Marshal(&pb.SavedModel{MetaGraphs: []*pb.MetaGraphDef{graph("a", "train"), graph("b", "gpu", "serve")}})
	require.NoError(t, err)

	_, err = Read(dir)
	require.ErrorIs(t, err, os.ErrNotExist)
	write(data)
	meta, err := Read(dir)
	require.NoError(t, err)
	require.Equal(t, "b", meta.GetMetaInfoDef().GetTensorflowVersion())

	write(data[:len(data)-1])
	_, err = Read(dir)
	require.ErrorContains(t, err, filepath.Join(dir, FileName)+": not a SavedModel, or incomplete")
	write(nil)
	_, err = Read(dir)
	require.ErrorContains(t, err, `no graph is tagged "serve"`)
}

func TestReadRefusesAHugeFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, FileName), nil, 0o600))
	require.NoError(t, os.Truncate(filepath.Join(dir, FileName), MaxBytes+1)) // sparse
	_, err := Read(dir)
	require.ErrorContains(t, err, "268435457 bytes; at most 268435456 are read")
}
