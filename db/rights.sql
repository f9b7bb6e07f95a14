-- What each account of the application may do. A function uses the account that DB_ACCOUNT in stack.yml names; housekeeping has
-- one of its own.

-- People, their passwords and their sessions; no tasks.
GRANT SELECT, INSERT, UPDATE, DELETE ON users TO signin;
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions TO signin;
GRANT SELECT, INSERT, UPDATE ON password_failures TO signin;
GRANT SELECT, INSERT, UPDATE ON registrations TO signin;
GRANT SELECT, INSERT, UPDATE ON deleted_users TO signin;

-- Tasks and the keys of their photos, read only.
GRANT SELECT ON sessions TO read;
GRANT SELECT ON tasks TO read;
GRANT SELECT ON task_labels TO read;

-- Tasks; no people, no passwords.
GRANT SELECT ON sessions TO write;
GRANT SELECT, INSERT, UPDATE, DELETE ON tasks TO write;
GRANT SELECT, INSERT, UPDATE, DELETE ON task_labels TO write;
GRANT SELECT, INSERT, UPDATE ON deleted_tasks TO write;
GRANT SELECT, INSERT, UPDATE, DELETE ON object_deletions TO write;
GRANT SELECT, INSERT, UPDATE ON user_usage TO write;

GRANT SELECT, INSERT, UPDATE, DELETE ON * TO housekeeping;
