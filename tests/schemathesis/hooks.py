"""What Schemathesis can't learn about Snaptask from openapi.yaml: how to get tokens, and what images are."""

import json
import os
import pathlib
import unicodedata
import urllib.error
import urllib.request
import uuid

import schemathesis
from hypothesis import strategies as st

GATEWAY = os.environ["SNAPTASK_GATEWAY"]
KEYS = pathlib.Path(os.environ["SNAPTASK_KEYS"])
PHOTOS = pathlib.Path(__file__).parents[2] / "webapp" / "e2e" / "photos"
FOR_THE_OBJECT_STORE = "/function/label-upload"
EXAMPLE_ID = "01a2086b-793d-720c-a042-2c5ab6a42366"
ENDS_SESSIONS = ["/function/logout", "/function/change-password", "/function/delete-account"]


def call(method: str, function: str, body: bytes, authorization: str = "") -> dict:
    request = urllib.request.Request(f"{GATEWAY}/function/{function}", body, {"Authorization": authorization}, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def sign_in() -> str:
    """Returns a token of a new account."""
    credentials = json.dumps({"username": f"fuzz-{uuid.uuid4()}", "password": "correct horse battery"}).encode()
    call("POST", "register", credentials)
    return call("POST", "login", credentials)["token"]


def task_with_image(authorization: str) -> str:
    """Returns the id of a new task with an image, or the example's if the token is not valid."""
    try:
        task = call("POST", "create-task", b'{"title": "Fix the pier", "dueDate": "2026-12-24"}', authorization)["id"]
        call("PUT", f"predict-image?id={task}", PHOTO_BYTES[0], authorization)
    except urllib.error.HTTPError:
        return EXAMPLE_ID
    return task


def account(case, context) -> str:
    """Uses a separate account for each operation that ends sessions or counts wrong passwords, and the object store's secret."""
    return case.path if case.path in [*ENDS_SESSIONS, FOR_THE_OBJECT_STORE] else "everything else"


@schemathesis.auth(cache_by_key=account)
class Session:
    """Signs in again after a 401, when a session has ended."""

    def get(self, case, context):
        if case.path == FOR_THE_OBJECT_STORE:
            return (KEYS / "upload-event-token").read_text().strip()
        return sign_in()

    def set(self, case, token, context):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}


@schemathesis.hook
def before_call(context, case, kwargs):
    """Replaces the id in openapi.yaml's examples by that of a task with an image."""
    authorization = (case.headers or {}).get("Authorization")
    if authorization and (case.query or {}).get("id") == EXAMPLE_ID:
        case.query["id"] = task_with_image(authorization)


INVISIBLE = {"Cc", "Cf", "Mn", "Mc", "Me", "Zs", "Zl", "Zp"}
BLANK = "\u2800\u115f\u1160\u3164\uffa0\u2065\U0001d159"


def within_rules(field: str, text: str) -> bool:
    """Returns whether the text obeys the rules that a regular expression can't express, or breaks others as well."""
    text = unicodedata.normalize("NFC", text).strip()
    if field == "title":
        visible = any(unicodedata.category(c) not in INVISIBLE and c not in BLANK and not "\ufff0" <= c <= "\ufff8"
                      and not "\U000e0000" <= c <= "\U000e0fff" for c in text)
        return visible and len(text) <= 255
    if field == "username":
        return text.isascii() and "  " not in text and not set(text) & set("\t\n")
    return True


@schemathesis.hook
def filter_body(context, body):
    return not isinstance(body, dict) or all(within_rules(field, text) for field, text in body.items() if isinstance(text, str))


PHOTO_BYTES = [path.read_bytes() for path in sorted(PHOTOS.glob("*.*g"))]
truncated = st.sampled_from(PHOTO_BYTES).flatmap(lambda photo: st.integers(0, len(photo)).map(lambda length: photo[:length]))
images = st.sampled_from(PHOTO_BYTES) | truncated | st.binary(max_size=4096)
for media_type in ("image/jpeg", "image/png", "image/webp", "application/octet-stream"):
    schemathesis.openapi.media_type(media_type, images)
