"""Tests .snaptask/bin/modelserver with TensorFlow Serving's own client; TensorFlow itself computes the expected answers.

REST answers must equal the gRPC answers in protobuf's JSON form, as in TensorFlow Serving.
"""

import json
import os
import pathlib
import subprocess
import unittest
import urllib.error
import urllib.request

os.environ.update(TF_CPP_MIN_LOG_LEVEL="2", TF_ENABLE_ONEDNN_OPTS="0")  # no messages about this processor

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

ROOT = pathlib.Path(__file__).resolve().parents[3]
SERVER = ROOT / "deploy" / "modelserver"
MODEL = SERVER / "model" / "efficientnet-lite0" / "1"
PHOTOS = ROOT / "webapp" / "e2e" / "photos"
NAME = "efficientnet"
SIZE = 224

# The tolerance: the same sums in another order round differently; the largest logits are about 10.
CLOSE = 1e-3


def setUpModule():
    global server, predictions, models, rest, reference
    server = subprocess.Popen(
        [ROOT / ".snaptask" / "bin" / "modelserver", "-grpc", "127.0.0.1:0", "-rest", "127.0.0.1:0", "-name", NAME],
        env={**os.environ, "EXIT_ON_STDIN_EOF": "1"},
        stdin=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    started = json.loads(server.stderr.readline())
    channel = grpc.insecure_channel(started["grpc"])
    unittest.addModuleCleanup(channel.close)
    predictions = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    models = model_service_pb2_grpc.ModelServiceStub(channel)
    rest = f"http://{started['rest']}/v1/models"
    reference = tf.saved_model.load(str(MODEL)).signatures["serving_default"]


def tearDownModule():
    server.stdin.close()
    log = server.stderr.read()
    server.stderr.close()
    assert server.wait(timeout=20) == 0, log


def photo(name):
    """Return an image of [SIZE,SIZE,3] in 0..1, cropped to its middle."""
    pixels = tf.io.decode_image((PHOTOS / name).read_bytes(), channels=3, expand_animations=False)
    height, width = pixels.shape[:2]
    side = int(min(height, width) * 0.875)
    square = pixels[(height - side) // 2:, (width - side) // 2:][:side, :side]
    return (tf.image.resize(square, (SIZE, SIZE), antialias=True) / 255).numpy()


def photos():
    return np.stack([photo(name) for name in ("landscape.jpg", "chelsea.png", "coffee.png", "rocket.jpg")])


def request(tensor, **spec):
    r = predict_pb2.PredictRequest()
    r.model_spec.name = spec.get("name", NAME)
    if "version" in spec:
        r.model_spec.version.value = spec["version"]
    r.model_spec.signature_name = spec.get("signature", "")
    r.inputs[spec.get("input", "inputs")].CopyFrom(tensor)
    return r


def expected(batch):
    return reference(inputs=tf.constant(batch))["logits"].numpy()


def call(path, body=None, method=None):
    """Return the status and the decoded JSON of a REST answer."""
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(rest + path, data, method=method), timeout=60) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            status, text = refused.code, refused.read()
    return status, json.loads(text)


def as_json(message):
    """Return a message as TensorFlow Serving prints it: fields by their names in the .proto, default values included."""
    return json_format.MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)


class Predict(unittest.TestCase):
    def test_logits_equal_those_of_tensorflow(self):
        batch = photos()
        reply = predictions.Predict(request(tf.make_tensor_proto(batch)), timeout=60)
        logits = tf.make_ndarray(reply.outputs["logits"])
        self.assertEqual(logits.dtype, np.float32)
        want = expected(batch)
        print(f"\nlargest difference from TensorFlow's logits, four photos: {np.abs(logits - want).max():.2g}")
        np.testing.assert_allclose(logits, want, atol=CLOSE)
        self.assertEqual(logits.argmax(axis=1).tolist(), want.argmax(axis=1).tolist())
        self.assertEqual((reply.model_spec.name, reply.model_spec.version.value, reply.model_spec.signature_name),
                         (NAME, 1, "serving_default"))

    def test_logits_equal_those_of_the_publisher(self):
        golden = json.loads((SERVER / "graph" / "testdata" / "golden_logits.json").read_text())["logits"]
        picture = (np.arange(SIZE * SIZE * 3, dtype=np.int64) * 7919 % 256 / 255).astype(np.float32).reshape(1, SIZE, SIZE, 3)
        logits = tf.make_ndarray(predictions.Predict(request(tf.make_tensor_proto(picture)), timeout=60).outputs["logits"])
        np.testing.assert_allclose(logits[0], golden, atol=0.05)
        np.testing.assert_allclose(logits, expected(picture), atol=CLOSE)

    def test_every_tensor_encoding_returns_the_same_logits(self):
        batch = photos()[:1]
        listed = tf.make_tensor_proto(batch)
        listed.tensor_content = b""
        listed.float_val.extend(batch.ravel())
        gray = tf.make_tensor_proto(np.float32(0.5), shape=(1, SIZE, SIZE, 3))  # one value, repeated for all
        for form, tensor, pixels in (
            ("tensor_content", tf.make_tensor_proto(batch), batch),
            ("float_val", listed, batch),
            ("one float_val", gray, np.full_like(batch, 0.5)),
        ):
            with self.subTest(form):
                filtered = request(tensor, version=1, signature="serving_default")
                filtered.output_filter.append("logits")
                logits = tf.make_ndarray(predictions.Predict(filtered, timeout=60).outputs["logits"])
                np.testing.assert_allclose(logits, expected(pixels), atol=CLOSE)

    def test_rest_returns_the_same(self):
        batch = photos()[:2]
        for body, key in (
            ({"instances": batch.tolist()}, "predictions"),
            ({"instances": [{"inputs": p.tolist()} for p in batch]}, "predictions"),
            ({"inputs": batch.tolist(), "signature_name": "serving_default"}, "outputs"),
            ({"inputs": {"inputs": batch.tolist()}}, "outputs"),
        ):
            for version in ("", "/versions/1"):
                with self.subTest(key, version=version):
                    status, answer = call(f"/{NAME}{version}:predict", body)
                    self.assertEqual((status, list(answer)), (200, [key]))
                    np.testing.assert_allclose(np.float32(answer[key]), expected(batch), atol=CLOSE)

    def test_invalid_requests_are_refused(self):
        good = tf.make_tensor_proto(np.zeros((1, SIZE, SIZE, 3), np.float32))
        two = request(good)
        two.inputs["more"].CopyFrom(good)
        none = request(good)
        del none.inputs["inputs"]
        labelled = request(good)
        labelled.model_spec.version_label = "stable"
        unknown_output = request(good)
        unknown_output.output_filter.append("scores")
        short = request(good)
        short.inputs["inputs"].tensor_content = short.inputs["inputs"].tensor_content[:-4]
        code = grpc.StatusCode
        for name, refused, want, words in (
            ("no name", request(good, name=""), code.INVALID_ARGUMENT, "no name specified"),
            ("unknown model", request(good, name="other"), code.NOT_FOUND, "Latest(other)"),
            ("unknown version", request(good, version=9), code.NOT_FOUND, f"Specific({NAME}, 9)"),
            ("version label", labelled, code.INVALID_ARGUMENT, "stable"),
            ("wrong signature", request(good, signature="train"), code.FAILED_PRECONDITION, '"train" not found'),
            ("missing input", none, code.INVALID_ARGUMENT, "Missing but required: {inputs}"),
            ("another input", request(good, input="pixels"), code.INVALID_ARGUMENT, "pixels"),
            ("one input too many", two, code.INVALID_ARGUMENT, "Sent extra: {more}"),
            ("unknown output", unknown_output, code.INVALID_ARGUMENT, "scores"),
            ("wrong shape", request(tf.make_tensor_proto(np.zeros((1, 384, 384, 3), np.float32))), code.INVALID_ARGUMENT, "[1,384,384,3]"),
            ("no batch", request(tf.make_tensor_proto(np.zeros((SIZE, SIZE, 3), np.float32))), code.INVALID_ARGUMENT, f"[{SIZE},{SIZE},3]"),
            ("wrong dtype", request(tf.make_tensor_proto(np.zeros((1, SIZE, SIZE, 3)))), code.INVALID_ARGUMENT, "DT_DOUBLE"),
            ("integers", request(tf.make_tensor_proto(np.zeros((1, SIZE, SIZE, 3), np.uint8))), code.INVALID_ARGUMENT, "DT_UINT8"),
            ("strings", request(tf.make_tensor_proto([b"a picture"])), code.INVALID_ARGUMENT, "DT_STRING"),
            ("too few bytes", short, code.INVALID_ARGUMENT, "do not fit"),
            ("too large", request(tf.make_tensor_proto(np.zeros((28, SIZE, SIZE, 3), np.float32))), code.RESOURCE_EXHAUSTED, "larger than max"),
        ):
            with self.subTest(name):
                with self.assertRaises(grpc.RpcError) as raised:
                    predictions.Predict(refused, timeout=60)
                self.assertEqual(raised.exception.code(), want, raised.exception.details())
                self.assertIn(words, raised.exception.details())

    def test_invalid_rest_requests_are_refused(self):
        good = np.zeros((1, SIZE, SIZE, 3), np.float32).tolist()
        for path, body, want, words in (
            ("/other:predict", {"inputs": good}, 404, "Servable not found for request: Latest(other)"),
            (f"/{NAME}/versions/9:predict", {"inputs": good}, 404, f"Servable not found for request: Specific({NAME}, 9)"),
            (f"/{NAME}:predict", {"inputs": good, "signature_name": "train"}, 400, 'Serving signature name: "train" not found in signature def'),
            (f"/{NAME}:predict", {"inputs": [[[[0, 0, 0]]]]}, 400, "[1,1,1,3]"),
            (f"/{NAME}:predict", {"inputs": {"pixels": good}}, 400, "does not have named input: pixels"),
            (f"/{NAME}:predict", {}, 400, "missing 'inputs' or 'instances' key"),
            (f"/{NAME}:predict", {"inputs": "x" * (17 << 20)}, 413, "16 MiB"),
        ):
            with self.subTest(path, words=words):
                status, answer = call(path, body)
                self.assertEqual(status, want, answer)
                self.assertIn(words, answer["error"])


class GetModelMetadata(unittest.TestCase):
    maxDiff = None

    def ask(self, name, version=None, fields=("signature_def",)):
        r = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
        r.model_spec.name = name
        if version is not None:
            r.model_spec.version.value = version
        return predictions.GetModelMetadata(r, timeout=60)

    def test_signature_equals_that_of_the_file(self):
        reply = self.ask(NAME)
        self.assertEqual((reply.model_spec.name, reply.model_spec.version.value), (NAME, 1))
        signatures = get_model_metadata_pb2.SignatureDefMap()
        self.assertTrue(reply.metadata["signature_def"].Unpack(signatures))
        saved = saved_model_pb2.SavedModel.FromString((MODEL / "saved_model.pb").read_bytes())
        want = saved.meta_graphs[0].signature_def["serving_default"]
        self.assertEqual(dict(signatures.signature_def), {"serving_default": want})

    def test_rest_returns_the_same(self):
        reply = self.ask(NAME, version=1)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        reply.metadata["signature_def"].Unpack(signatures)
        for path in (f"/{NAME}/metadata", f"/{NAME}/versions/1/metadata"):
            self.assertEqual(call(path), (200, {
                "model_spec": as_json(reply.model_spec), "metadata": {"signature_def": as_json(signatures)},
            }))

    def test_invalid_requests_are_refused(self):
        code = grpc.StatusCode
        for refused, want in (
            (("other",), code.NOT_FOUND), ((NAME, 9), code.NOT_FOUND), (("",), code.INVALID_ARGUMENT),
            ((NAME, 1, ()), code.INVALID_ARGUMENT), ((NAME, 1, ("author",)), code.INVALID_ARGUMENT),
        ):
            with self.subTest(refused), self.assertRaises(grpc.RpcError) as raised:
                self.ask(*refused)
            self.assertEqual(raised.exception.code(), want)
        for path in ("/other/metadata", f"/{NAME}/versions/9/metadata"):
            status, answer = call(path)
            self.assertEqual((status, list(answer)), (404, ["error"]))


class GetModelStatus(unittest.TestCase):
    def ask(self, name, version=None):
        r = get_model_status_pb2.GetModelStatusRequest()
        r.model_spec.name = name
        if version is not None:
            r.model_spec.version.value = version
        return models.GetModelStatus(r, timeout=60)

    def test_version_is_available(self):
        available = get_model_status_pb2.ModelVersionStatus.AVAILABLE
        for reply in (self.ask(NAME), self.ask(NAME, 1)):
            self.assertEqual([(v.version, v.state, v.status.error_code) for v in reply.model_version_status], [(1, available, 0)])
        for path in (f"/{NAME}", f"/{NAME}/versions/1"):
            self.assertEqual(call(path), (200, as_json(self.ask(NAME))))

    def test_invalid_requests_are_refused(self):
        code = grpc.StatusCode
        for refused, want in ((("other",), code.NOT_FOUND), ((NAME, 9), code.NOT_FOUND), (("",), code.INVALID_ARGUMENT)):
            with self.subTest(refused), self.assertRaises(grpc.RpcError) as raised:
                self.ask(*refused)
            self.assertEqual(raised.exception.code(), want)
        for path, words in (("/other", "Could not find any versions of model other"), (f"/{NAME}/versions/9", f"Could not find version 9 of model {NAME}")):
            self.assertEqual(call(path), (404, {"error": words}))


if __name__ == "__main__":
    unittest.main()
