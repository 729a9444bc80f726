-- What an answer's model called, in JSON; the files that the tools made are rows of their own.
ALTER TABLE messages ADD COLUMN tool_calls TEXT NOT NULL DEFAULT '[]';
CREATE TABLE tool_artifacts (
  id TEXT PRIMARY KEY,
  message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  mime TEXT NOT NULL,
  data BLOB NOT NULL
);
CREATE INDEX tool_artifacts_message ON tool_artifacts (message_id);
