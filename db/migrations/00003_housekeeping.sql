-- What housekeeping looks for. Pending pictures are found through an index and not a table of their own: it can't fall
-- out of step with the tasks, and no function has a further statement to run.

-- +goose Up
ALTER TABLE tasks ADD KEY tasks_image_status (image_status, user_id, id);
ALTER TABLE sessions ADD KEY sessions_ended_at (ended_at);
ALTER TABLE deleted_tasks ADD KEY deleted_tasks_deleted_at (deleted_at);

-- The ids of users who are gone. A picture that nothing names is removed only if its user is or was one of this
-- database's: a bucket that is also another database's keeps the other's pictures.
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
