package serving

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// nested returns images as lists of lists.
func nested(shades ...float32) any {
	values := pictures(shades...)
	batch := make([][224][224][3]float32, len(shades))
	for i, v := range values {
		batch[i/pictureSize][i/(224*3)%224][i/3%224][i%3] = v
	}
	return batch
}

func post(t *testing.T, address string, body []byte) (int, []byte) {
	response, err := testClient.Post(address, "application/json", bytes.NewReader(body))
	require.NoError(t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, "application/json", response.Header.Get("Content-Type"))
	return response.StatusCode, answer
}

func TestRESTPredictAcceptsEveryFormat(t *testing.T) {
	t.Parallel()
	address := restAddress(t)
	want := logits(t, 0.3, 0.9)
	for name, c := range map[string]struct {
		body any
		key  string
	}{
		"rows":         {map[string]any{"instances": nested(0.3, 0.9)}, "predictions"},
		"named rows":   {map[string]any{"signature_name": "serving_default", "instances": []any{named(nested(0.3)), named(nested(0.9))}}, "predictions"},
		"column":       {map[string]any{"inputs": nested(0.3, 0.9), "context": []any{nil, true, map[string]int{"a": 1}}}, "outputs"},
		"named column": {map[string]any{"inputs": map[string]any{"inputs": nested(0.3, 0.9)}, "signature_name": ""}, "outputs"},
	} {
		body, err := json.Marshal(c.body)
		require.NoError(t, err)
		status, answer := post(t, address+"/versions/1:predict", body)
		require.Equal(t, http.StatusOK, status, "%s: %s", name, answer)
		var reply map[string][][]float32
		require.NoError(t, json.Unmarshal(answer, &reply))
		require.Len(t, reply[c.key], 2, name)
		require.InDeltaSlice(t, want, append(reply[c.key][0], reply[c.key][1]...), 1e-4, name)
	}
}

// named returns one image as an object, without a batch.
func named(batch any) any {
	return map[string]any{"inputs": batch.([][224][224][3]float32)[0]}
}

func TestRESTPredictRefuses(t *testing.T) {
	t.Parallel()
	address := restAddress(t) + ":predict"
	for body, cause := range map[string]string{
		``:                                       `not an object`,
		`[]`:                                     `not an object`,
		`{}`:                                     `missing 'inputs' or 'instances' key`,
		`{"instances": 1}`:                       `the value of 'instances' is not a list`,
		`{"instances": []}`:                      `the list 'instances' is empty`,
		`{"instances": [1]} x`:                   `more than one value at offset: 19`,
		`{"instances": [1`:                       `missing a comma or ] in a list at offset: 16`,
		`{"instances": [1}`:                      `missing a comma or ] in a list`,
		`{"instances" [1]}`:                      `missing a colon`,
		`{"inputs": 1 "a": 2}`:                   `missing a comma or }`,
		`{"inputs`:                               `missing a closing quotation mark`,
		`{inputs: 1}`:                            `expected a string at offset: 1`,
		`{"inputs": "abc"}`:                      `invalid value`,
		`{"inputs": NaN}`:                        `invalid value`,
		`{"inputs": 01}`:                         `invalid value`,
		`{"inputs": 1.}`:                         `missing digits after the decimal point`,
		`{"inputs": 1e}`:                         `missing digits in the exponent`,
		`{"inputs": 1e999}`:                      `too large for a float`,
		`{"inputs": {}}`:                         `does not have the input inputs`,
		`{"inputs": {"b64": "x"}}`:               `does not have named input: b64`,
		`{"inputs": {"inputs": 1, "inputs": 1}}`: `more than once`,
		`{"inputs": 1, "instances": [1]}`:        `only one of the keys`,
		`{"inputs": [[1], 2]}`:                   `a value is found at level: 1. Expected at level: 2`,
		`{"inputs": [1, [2]]}`:                   `a list is found at level: 1`,
		`{"inputs": [[1, 2], [3]]}`:              `a list of size: 1 is found at level: 1. Expected size: 2`,
		`{"inputs": [[], [1]]}`:                  `a list of size: 1 is found`,
		`{"inputs": ` + strings.Repeat("[", 1<<20):         `nested more than 16 deep`,
		`{"x": ` + strings.Repeat("[", 1<<20):              `nested more than 16 deep`,
		`{"x": ` + strings.Repeat(`{"a":`, 1<<20):          `nested more than 16 deep`,
		`{"inputs": [[[[0, 0, 0]]]]}`:                      `must have the shape [?,224,224,3], not [1,1,1,3]`,
		`{"inputs": 1}`:                                    `must have the shape [?,224,224,3], not []`,
		`{"inputs": 1, "signature_name": "train"}`:         `signature name: "train" not found`,
		`{"inputs": 1, "signature_name": 5}`:               `expected a string`,
		`{"inputs": [` + strings.Repeat("0,", maxValues+1): `more than 4194304 numbers`,
	} {
		status, answer := post(t, address, []byte(body))
		require.Equal(t, http.StatusBadRequest, status, "%.40s: %s", body, answer)
		var reply map[string]string
		require.NoError(t, json.Unmarshal(answer, &reply))
		require.Contains(t, reply["error"], cause, "%.40s", body)
	}
}

// TestRESTAnswersAClientThatStillSends sends a body that is still being sent when the answer arrives.
func TestRESTAnswersAClientThatStillSends(t *testing.T) {
	t.Parallel()
	address := restAddress(t)
	large := bytes.Repeat([]byte(" "), 40<<20)
	for name, c := range map[string]struct {
		body   io.Reader
		path   string
		status int
		answer string
	}{
		"too large":           {bytes.NewReader(large), ":predict", 413, "the request has more than 16 MiB"},
		"too large in chunks": {io.MultiReader(bytes.NewReader(large)), ":predict", 413, "the request has more than 16 MiB"},
		"one byte too large":  {bytes.NewReader(large[:maxBody+1]), ":predict", 413, "the request has more than 16 MiB"},
		"unknown version":     {bytes.NewReader(large), "/versions/2:predict", 404, "Servable not found for request: Specific(m, 2)"},
	} {
		response, err := testClient.Post(address+c.path, "application/json", c.body)
		require.NoError(t, err, name)
		answer, err := io.ReadAll(response.Body)
		response.Body.Close()
		require.NoError(t, err, name)
		require.Equal(t, c.status, response.StatusCode, name)
		require.JSONEq(t, `{"error": "`+c.answer+`"}`, string(answer), name)
	}
}

func TestRESTPaths(t *testing.T) {
	t.Parallel()
	address := strings.TrimSuffix(restAddress(t), "/m")
	for _, c := range []struct {
		method, path string
		status       int
		answer       string
	}{
		{"GET", "/m", 200, `"state": "AVAILABLE"`},
		{"GET", "/m", 200, `"error_code": "OK"`},
		{"GET", "/m/versions/1", 200, `"version": "1"`},
		{"GET", "/m/versions/2", 404, "Could not find version 2 of model m"},
		{"GET", "/x", 404, "Could not find any versions of model x"},
		{"GET", "/m/metadata", 200, `"size": "224"`},
		{"GET", "/m/versions/1/metadata", 200, `"signature_name": ""`},
		{"GET", "/x/metadata", 404, "Servable not found for request: Latest(x)"},
		{"POST", "/x:predict", 404, "Servable not found for request: Latest(x)"},
		{"POST", "/m/versions/7:predict", 404, "Servable not found for request: Specific(m, 7)"},
		{"GET", "/m/versions/99999999999999999999", 400, "Failed to convert version: 99999999999999999999 to numeric."},
		{"POST", "/m:classify", 501, "classify is not supported"},
		{"GET", "/m:predict", 400, "Malformed request: GET /v1/models/m:predict"},
		{"POST", "/m", 400, "Malformed request: POST /v1/models/m"},
		{"GET", "/m/versions/one", 400, "Malformed request"},
		{"GET", "", 400, "Malformed request: GET /v1/models"},
	} {
		request, err := http.NewRequestWithContext(t.Context(), c.method, address+c.path, nil)
		require.NoError(t, err)
		response, err := testClient.Do(request)
		require.NoError(t, err)
		answer, err := io.ReadAll(response.Body)
		response.Body.Close()
		require.NoError(t, err)
		require.Equal(t, c.status, response.StatusCode, "%s %s: %s", c.method, c.path, answer)
		require.True(t, json.Valid(answer), "%s", answer)
		require.Contains(t, string(answer), c.answer)
	}
}

func TestRESTMetadataIsNestedAsInTensorFlowServing(t *testing.T) {
	t.Parallel()
	response, err := testClient.Get(restAddress(t) + "/metadata")
	require.NoError(t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	dim := func(size string) string { return `{"size": "` + size + `", "name": ""}` }
	require.JSONEq(t, `{
		"model_spec": {"name": "m", "signature_name": "", "version": "1"},
		"metadata": {"signature_def": {"signature_def": {"serving_default": {
			"inputs": {"inputs": {"dtype": "DT_FLOAT", "name": "inputs:0", "tensor_shape": {"unknown_rank": false,
				"dim": [`+dim("-1")+`,`+dim("224")+`,`+dim("224")+`,`+dim("3")+`]}}},
			"outputs": {"logits": {"dtype": "DT_FLOAT", "name": "logits:0", "tensor_shape": {"unknown_rank": false,
				"dim": [`+dim("-1")+`,`+dim("1000")+`]}}},
			"method_name": "tensorflow/serving/predict", "defaults": {}}}}}}`, string(answer))
}

// FuzzDecodeREST checks that every accepted body is JSON with as many numbers as its shape.
func FuzzDecodeREST(f *testing.F) {
	for _, seed := range []string{
		`{"instances": [[1, 2], [3.5e-1, -4]]}`,
		`{"instances": [{"x": [1]}, {"x": [2]}], "signature_name": "a\u0062\n"}`,
		`{"inputs": {"x": [[], []]}, "more": [null, true, {"a": ["b", -0]}]}`,
		`{"inputs": [[[1E2]]], "": ""} `,
		`{"inputs": [1,]}`, `{"inputs": [-]}`, `{"inputs": 1,}`, "{\"a\xff\": 1, \"inputs\": 2}", `{"a\`, `{"inputs":.5}`, `{"inputs":[[[`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		request, err := decodeRest(body, "x", 4)
		if err != nil {
			return
		}
		require.True(t, json.Valid(body))
		count := 1
		for _, size := range request.shape {
			count *= size
		}
		require.Len(t, request.values, count)
	})
}

func BenchmarkDecodeREST(b *testing.B) {
	body, err := json.Marshal(map[string]any{"instances": nested(0.3)})
	require.NoError(b, err)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		_, err := decodeRest(body, "inputs", pictureSize)
		require.NoError(b, err)
	}
}
