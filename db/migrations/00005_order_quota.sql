-- The order of creation by the server's time, and what each user's tasks take.

-- +goose Up
ALTER TABLE tasks
  ADD COLUMN image_bytes INT UNSIGNED NOT NULL DEFAULT 0,
  ADD KEY tasks_created (user_id, created_at, id),
  ADD KEY tasks_completed_created (user_id, completed, created_at, id),
  DROP KEY tasks_completed;

-- created_at is that of the task. It has a default for replicas of the previous version during an update; the sweep corrects it.
ALTER TABLE task_labels ADD COLUMN created_at DATETIME(6) NOT NULL DEFAULT '1970-01-01 00:00:00';
UPDATE task_labels l JOIN tasks t ON t.user_id = l.user_id AND t.id = l.task_id SET l.created_at = t.created_at;
ALTER TABLE task_labels
  ADD KEY task_labels_created (user_id, label, created_at, task_id),
  DROP KEY task_labels_label;

-- One row per user, with what quotas limit. A user without a row is counted at the first write. photo_bytes counts only photos
-- that were stored since this migration: of those before, the database does not know the size.
CREATE TABLE IF NOT EXISTS user_usage (
  user_id     BINARY(16)  NOT NULL,
  tasks       BIGINT      NOT NULL DEFAULT 0,
  text_bytes  BIGINT      NOT NULL DEFAULT 0,
  photos      BIGINT      NOT NULL DEFAULT 0,
  photo_bytes BIGINT      NOT NULL DEFAULT 0,
  counted_at  DATETIME(6) NOT NULL,
  PRIMARY KEY (user_id),
  KEY user_usage_counted_at (counted_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- The sweep counts a user again a day after counted_at. Here that is in an hour, when no replica of the previous version, which does
-- not count, runs any longer.
INSERT IGNORE INTO user_usage (user_id, tasks, text_bytes, photos, counted_at)
SELECT user_id, COUNT(*), SUM(LENGTH(title) + LENGTH(body)), SUM(image_key <> ''), UTC_TIMESTAMP(6) - INTERVAL 23 HOUR FROM tasks GROUP BY user_id;

-- +goose Down
DROP TABLE user_usage;
ALTER TABLE task_labels ADD KEY task_labels_label (user_id, label, task_id), DROP KEY task_labels_created, DROP COLUMN created_at;
ALTER TABLE tasks
  ADD KEY tasks_completed (user_id, completed, id),
  DROP KEY tasks_created, DROP KEY tasks_completed_created, DROP COLUMN image_bytes;
