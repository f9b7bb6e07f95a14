-- Indexes for the orders in which tasks are listed, failed logins, and disabled accounts.

-- +goose Up
ALTER TABLE tasks
  ADD KEY tasks_due (user_id, due_date, id),
  ADD KEY tasks_completed (user_id, completed, id),
  ADD KEY tasks_completed_due (user_id, completed, due_date, id);

ALTER TABLE users ADD COLUMN disabled_at DATETIME(6) NULL;

-- subject is the SHA-256 of an account's name or a client's address, so that unknown accounts are counted like existing ones.
CREATE TABLE IF NOT EXISTS login_failures (
  subject   BINARY(32)  NOT NULL,
  failed_at DATETIME(6) NOT NULL,
  id        BINARY(16)  NOT NULL,
  PRIMARY KEY (subject, failed_at, id),
  KEY login_failures_failed_at (failed_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- +goose Down
DROP TABLE login_failures;
ALTER TABLE users DROP COLUMN disabled_at;
ALTER TABLE tasks DROP KEY tasks_due, DROP KEY tasks_completed, DROP KEY tasks_completed_due;
