-- The form in which a task is searched, and how far the sweep's long walks have come.

-- +goose Up
-- search is the folded title and body of the task's version search_version. It is binary: LIKE compares bytes several times faster
-- than by a collation. A replica of the previous version leaves both as they are; such a task, whose search_version differs from its
-- version, is searched by title and body until the sweep has written them.
ALTER TABLE tasks
  ADD COLUMN search MEDIUMBLOB NULL,
  ADD COLUMN search_version INT UNSIGNED NOT NULL DEFAULT 0;

CREATE TABLE IF NOT EXISTS sweep_state (
  name     VARCHAR(32)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  position VARBINARY(64) NOT NULL,
  PRIMARY KEY (name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- +goose Down
DROP TABLE sweep_state;
ALTER TABLE tasks DROP COLUMN search, DROP COLUMN search_version;
