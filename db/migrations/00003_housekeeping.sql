-- Indexes for housekeeping. Pending pictures have an index instead of a table: an index is always consistent with the tasks, and
-- costs the functions no additional statement.

-- +goose Up
ALTER TABLE tasks ADD KEY tasks_image_status (image_status, user_id, id);
ALTER TABLE sessions ADD KEY sessions_ended_at (ended_at);
ALTER TABLE deleted_tasks ADD KEY deleted_tasks_deleted_at (deleted_at);

-- The ids of deleted users. The sweep removes an orphaned picture only if its user is or was in this database, so that another
-- database can use the same bucket.
CREATE TABLE IF NOT EXISTS deleted_users (
  id         BINARY(16)  NOT NULL,
  deleted_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  KEY deleted_users_deleted_at (deleted_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- +goose Down
DROP TABLE deleted_users;
ALTER TABLE deleted_tasks DROP KEY deleted_tasks_deleted_at;
ALTER TABLE sessions DROP KEY sessions_ended_at;
ALTER TABLE tasks DROP KEY tasks_image_status;
