-- Photos by event: the upload that a task awaits, and why the last one failed.

-- +goose Up
-- upload_id is a UUIDv7, so the index is in the order of time. A replica of the previous version leaves both columns as they are.
ALTER TABLE tasks
  ADD COLUMN upload_id BINARY(16) NULL,
  ADD COLUMN upload_error VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  ADD KEY tasks_upload (upload_id);

-- +goose Down
ALTER TABLE tasks DROP KEY tasks_upload, DROP COLUMN upload_id, DROP COLUMN upload_error;
