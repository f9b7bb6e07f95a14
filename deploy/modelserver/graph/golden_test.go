package graph

import (
	"encoding/json"
	"os"
	"testing"

	"snaptask/deploy/modelserver/savedmodel"

	"github.com/stretchr/testify/require"
)

const bundled = "../model/efficientnet-lite0"

// TestBundledModelReturnsTheGoldenLogits compares the model's logits for a synthetic image with those of the publisher's
// own runtime.
func TestBundledModelReturnsTheGoldenLogits(t *testing.T) {
	t.Parallel()
	var golden struct {
		Logits []float32 `json:"logits"`
	}
	text, err := os.ReadFile("testdata/golden_logits.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &golden))
	require.Len(t, golden.Logits, 1000)

	program := loadBundled(t)
	require.Equal(t, []int{224, 224, 3}, program.Input)
	for _, goroutines := range []int{1, 3} {
		logits := program.NewFrame(goroutines).Run(goldenInput())
		require.InDeltaSlice(t, golden.Logits, logits, 0.05)
	}
}

// BenchmarkBundledModel predicts one image on one core.
func BenchmarkBundledModel(b *testing.B) {
	frame := loadBundled(b).NewFrame(1)
	element := goldenInput()
	for b.Loop() {
		frame.Run(element)
	}
}

func loadBundled(t testing.TB) *Program {
	folder, _, err := savedmodel.Find(bundled)
	require.NoError(t, err)
	meta, err := savedmodel.Read(folder)
	require.NoError(t, err)
	signature := meta.GetSignatureDef()[savedmodel.DefaultSignature]
	program, err := Compile(meta.GetGraphDef(), signature.GetInputs()["inputs"], signature.GetOutputs()["logits"])
	require.NoError(t, err)
	return program
}

// goldenInput is the image that testdata/golden_logits.json describes.
func goldenInput() []float32 {
	element := make([]float32, 224*224*3)
	for i := range element {
		element[i] = float32(i*7919%256) / 255
	}
	return element
}
