"""What Schemathesis must know of Snaptask that openapi.yaml can't tell it: where tokens come from, and what a picture is."""

import json
import os
import pathlib
import urllib.error
import urllib.request
import uuid

import schemathesis
from hypothesis import strategies as st

GATEWAY = os.environ["SNAPTASK_GATEWAY"]
PHOTOS = pathlib.Path(__file__).parents[3] / "webapp" / "e2e" / "photos"
EXAMPLE_ID = "01a2086b-793d-720c-a042-2c5ab6a42366"
ENDS_SESSIONS = ["/function/logout", "/function/change-password", "/function/delete-account"]


def call(method: str, function: str, body: bytes, authorization: str = "") -> dict:
    request = urllib.request.Request(f"{GATEWAY}/function/{function}", body, {"Authorization": authorization}, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def sign_in() -> str:
    """A token of a new account."""
    credentials = json.dumps({"username": f"fuzz-{uuid.uuid4()}", "password": "correct horse battery"}).encode()
    call("POST", "register", credentials)
    return call("POST", "login", credentials)["token"]


def pictured_task(authorization: str) -> str:
    """The id of a new task with a picture; the example's own when the token is of no use."""
    try:
        task = call("POST", "create-task", b'{"title": "Fix the pier", "dueDate": "2026-12-24"}', authorization)["id"]
        call("PUT", f"predict-image?id={task}", photos[0], authorization)
    except urllib.error.HTTPError:
        return EXAMPLE_ID
    return task


def account(case, context) -> str:
    """Operations that end sessions, or have tries of a password counted, have an account of their own."""
    return case.path if case.path in ENDS_SESSIONS else "everything else"


@schemathesis.auth(cache_by_key=account)
class Session:
    """Signs in anew when a session has ended: a 401 has the token fetched again."""

    def get(self, case, context):
        return sign_in()

    def set(self, case, token, context):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}


@schemathesis.hook
def before_call(context, case, kwargs):
    """Puts a task with a picture in the place of the one that the examples of openapi.yaml speak of."""
    authorization = (case.headers or {}).get("Authorization")
    if authorization and (case.query or {}).get("id") == EXAMPLE_ID:
        case.query["id"] = pictured_task(authorization)


photos = [path.read_bytes() for path in sorted(PHOTOS.glob("*.*g"))]
cut_off = st.sampled_from(photos).flatmap(lambda photo: st.integers(0, len(photo)).map(lambda length: photo[:length]))
pictures = st.sampled_from(photos) | cut_off | st.binary(max_size=4096)
for media_type in ("image/jpeg", "image/png", "image/webp", "application/octet-stream"):
    schemathesis.openapi.media_type(media_type, pictures)
