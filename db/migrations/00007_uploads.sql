-- Photos by event: the upload that a task awaits, and why the last one failed.

-- +goose Up
-- upload_id is a UUIDv7, so its index is in the order of time, for the sweep. The other one counts what a user's tasks await. A replica
-- of the previous version leaves both columns as they are.
ALTER TABLE tasks
  ADD COLUMN upload_id BINARY(16) NULL,
  ADD COLUMN upload_error VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  ADD KEY tasks_upload (upload_id),
  ADD KEY tasks_user_upload (user_id, upload_id);

-- +goose Down
ALTER TABLE tasks DROP KEY tasks_user_upload, DROP KEY tasks_upload, DROP COLUMN upload_id, DROP COLUMN upload_error;
