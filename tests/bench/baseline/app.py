"""The design that Snaptask replaces, rebuilt for comparison: one Flask application does everything.

A session is a token in the user's row. Photos go through PIL and numpy, and as JSON numbers to TensorFlow Serving. Run as a
program, it is Flask's own threaded server with one PyMySQL connection for all threads; we added the lock around its SQL,
because without it two concurrent clients break the connection. Under gunicorn each thread has its own connection. Unlike the
original, it passes values as parameters, separates the users' tasks and has an index for tokens, so that it does the same work
as the other contenders.
"""

import io
import json
import os
import threading
import uuid

import minio
import numpy as np
import pymysql
import requests
from flask import Flask, jsonify, request
from PIL import Image

SIDE = int(os.environ["MODEL_SIDE"])  # side of the model's square input, in pixels
MODEL = os.environ["MODEL_URL"]  # .../v1/models/NAME:predict
BUCKET = os.environ["S3_BUCKET"]

with open(os.environ["CLASS_NAMES"], encoding="utf-8") as file:
    CLASSES = {int(index): names.split(",")[0] for index, names in json.load(file).items()}

app = Flask(__name__)
store = minio.Minio(
    os.environ["S3_ADDRESS"], access_key=os.environ["S3_ACCESS_KEY"], secret_key=os.environ["S3_SECRET_KEY"],
    region=os.environ["S3_REGION"], secure=False,
)


def connect():
    return pymysql.connect(
        host="127.0.0.1", port=int(os.environ["DB_PORT"]), user=os.environ["DB_USER"], password=os.environ["DB_PASSWORD"],
        database=os.environ["DB_NAME"], charset="utf8mb4", autocommit=True, cursorclass=pymysql.cursors.DictCursor,
    )


class Shared:
    """One connection for all threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.connection = connect()

    def run(self, sql, *values):
        with self.lock, self.connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else cursor.rowcount


class PerThread:
    """A connection for each thread, opened at its first statement."""

    def __init__(self):
        self.local = threading.local()

    def run(self, sql, *values):
        if not hasattr(self.local, "connection"):
            self.local.connection = connect()
        with self.local.connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else cursor.rowcount


database = Shared() if __name__ == "__main__" else PerThread()


class Refused(Exception):
    pass


@app.errorhandler(Refused)
def refuse(refused):
    message, status = refused.args
    return jsonify(error=message), status


def user():
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    found = database.run("SELECT id FROM users WHERE token = %s", token)
    if not token or not found:
        raise Refused("please sign in", 401)
    return found[0]["id"]


def reply(row):
    return {
        "id": row["id"], "title": row["title"], "body": row["body"], "dueDate": str(row["due_date"]),
        "completed": bool(row["completed"]), "createdAt": row["created_at"].isoformat() + "Z",
        "upload": bool(row["upload"]), "labels": json.loads(row["labels"]),
    }


@app.post("/login")
def login():
    sent = request.get_json()
    token = uuid.uuid4().hex
    if not database.run("UPDATE users SET token = %s WHERE username = %s AND password = %s", token, sent["username"], sent["password"]):
        raise Refused("wrong username or password", 401)
    return jsonify(token=token)


@app.get("/get-tasks")
def get_tasks():
    rows = database.run("SELECT * FROM tasks WHERE user_id = %s ORDER BY created_at DESC", user())
    return jsonify([reply(row) for row in rows])


@app.post("/create-task")
def create_task():
    owner, sent, made = user(), request.get_json(), str(uuid.uuid4())
    database.run(
        "INSERT INTO tasks (id, user_id, title, body, due_date, completed, created_at, upload, labels)"
        " VALUES (%s, %s, %s, %s, %s, FALSE, UTC_TIMESTAMP(6), FALSE, '[]')",
        made, owner, sent["title"], sent["body"], sent["dueDate"],
    )
    return jsonify(id=made)


def the_task(owner):
    found = database.run("SELECT * FROM tasks WHERE id = %s AND user_id = %s", request.args["id"], owner)
    if not found:
        raise Refused("no such task", 404)
    return found[0]


@app.delete("/delete-task")
def delete_task():
    owner = user()
    task = the_task(owner)
    if task["upload"]:
        store.remove_object(BUCKET, task["id"])
    database.run("DELETE FROM tasks WHERE id = %s AND user_id = %s", task["id"], owner)
    return jsonify(deleted=task["id"])


@app.put("/predict-image")
def predict_image():
    owner = user()
    task = the_task(owner)
    data = request.get_data()
    store.put_object(BUCKET, task["id"], io.BytesIO(data), len(data))
    picture = Image.open(io.BytesIO(data)).convert("RGB").resize((SIDE, SIDE))
    pixels = np.asarray(picture, dtype=np.float32) / 255
    answer = requests.post(MODEL, data=json.dumps({"instances": [pixels.tolist()]}), timeout=60)
    answer.raise_for_status()
    scores = np.array(answer.json()["predictions"][0])
    labels = [CLASSES[int(i)] for i in scores.argsort()[::-1][:10]]
    database.run("UPDATE tasks SET upload = TRUE, labels = %s WHERE id = %s AND user_id = %s", json.dumps(labels), task["id"], owner)
    return jsonify(reply(the_task(owner)))


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ["PORT"]))
