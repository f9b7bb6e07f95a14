-- Deleted accounts that the sweep has yet to empty.

-- +goose Up
ALTER TABLE deleted_users
  ADD COLUMN emptied_at DATETIME(6) NULL,
  ADD KEY deleted_users_emptied_at (emptied_at, id);

-- Until now, deleting an account deleted all of its rows at once.
UPDATE deleted_users SET emptied_at = deleted_at;

-- +goose Down
ALTER TABLE deleted_users DROP KEY deleted_users_emptied_at, DROP COLUMN emptied_at;
