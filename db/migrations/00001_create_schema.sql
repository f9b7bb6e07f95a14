-- Every key starts with user_id, so that a user's rows are stored together and the schema can be sharded by user. There are no
-- foreign keys: transactions check the session themselves, and Vitess recommends against them.

-- +goose Up
CREATE TABLE IF NOT EXISTS users (
  id            BINARY(16)   NOT NULL,
  username      VARCHAR(64)  NOT NULL,
  password_hash VARCHAR(255) NOT NULL,
  created_at    DATETIME(6)  NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY users_username (username)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

CREATE TABLE IF NOT EXISTS sessions (
  user_id    BINARY(16)  NOT NULL,
  id         BINARY(16)  NOT NULL,
  created_at DATETIME(6) NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  ended_at   DATETIME(6) NULL,
  PRIMARY KEY (user_id, id),
  KEY sessions_expires_at (expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- predictions is the JSON array that clients see; task_labels has the shown labels, to find tasks by label.
CREATE TABLE IF NOT EXISTS tasks (
  user_id      BINARY(16)   NOT NULL,
  id           BINARY(16)   NOT NULL,
  title        VARCHAR(255) NOT NULL,
  body         TEXT         NOT NULL,
  due_date     DATE         NOT NULL,
  completed    BOOLEAN      NOT NULL,
  created_at   DATETIME(6)  NOT NULL,
  updated_at   DATETIME(6)  NOT NULL,
  version      INT UNSIGNED NOT NULL,
  image_key    VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  image_status VARCHAR(8)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  predictions  TEXT         NOT NULL,
  PRIMARY KEY (user_id, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

CREATE TABLE IF NOT EXISTS task_labels (
  user_id BINARY(16)   NOT NULL,
  task_id BINARY(16)   NOT NULL,
  label   VARCHAR(128) NOT NULL,
  PRIMARY KEY (user_id, task_id, label),
  KEY task_labels_label (user_id, label, task_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- The ids of deleted tasks, so that a late retry of a creation does not create the task again.
CREATE TABLE IF NOT EXISTS deleted_tasks (
  user_id    BINARY(16)  NOT NULL,
  id         BINARY(16)  NOT NULL,
  deleted_at DATETIME(6) NOT NULL,
  PRIMARY KEY (user_id, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- Pictures that no longer belong to a task but may still be in the object store.
CREATE TABLE IF NOT EXISTS object_deletions (
  user_id    BINARY(16)   NOT NULL,
  task_id    BINARY(16)   NOT NULL,
  object_key VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(6)  NOT NULL,
  PRIMARY KEY (user_id, task_id, object_key)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- +goose Down
DROP TABLE object_deletions;
DROP TABLE deleted_tasks;
DROP TABLE task_labels;
DROP TABLE tasks;
DROP TABLE sessions;
DROP TABLE users;
