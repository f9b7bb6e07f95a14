-- Deleted accounts that the sweep has yet to empty, delays between wrong passwords instead of locks, and registrations by address.

-- +goose Up
ALTER TABLE deleted_users
  ADD COLUMN emptied_at DATETIME(6) NULL,
  ADD KEY deleted_users_emptied_at (emptied_at, id);

-- Until now, deleting an account deleted all of its rows at once.
UPDATE deleted_users SET emptied_at = deleted_at;

-- Replaces login_failures, which stays for replicas of the previous version during an update. subject is the SHA-256 of what
-- failures are counted for, such as an account's name, so that unknown accounts are counted like existing ones. The next password is
-- not checked before not_before; NULL means at once.
CREATE TABLE IF NOT EXISTS password_failures (
  subject    BINARY(32)   NOT NULL,
  failures   INT UNSIGNED NOT NULL,
  not_before DATETIME(6)  NULL,
  failed_at  DATETIME(6)  NOT NULL,
  PRIMARY KEY (subject),
  KEY password_failures_failed_at (failed_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- Registrations from an address, whose SHA-256 is address, within an hour from begun_at.
CREATE TABLE IF NOT EXISTS registrations (
  address  BINARY(32)   NOT NULL,
  begun_at DATETIME(6)  NOT NULL,
  attempts INT UNSIGNED NOT NULL,
  PRIMARY KEY (address),
  KEY registrations_begun_at (begun_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- +goose Down
DROP TABLE registrations;
DROP TABLE password_failures;
ALTER TABLE deleted_users DROP KEY deleted_users_emptied_at, DROP COLUMN emptied_at;
