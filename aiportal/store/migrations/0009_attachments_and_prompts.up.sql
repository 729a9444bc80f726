-- The files themselves lie in the data folder, under their owner and what they hash to.
CREATE TABLE attachments (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('image', 'text')),
  media_type TEXT NOT NULL,
  size INTEGER NOT NULL, -- bytes of the file that is kept
  kept_bytes INTEGER NOT NULL, -- with its text and its small picture, for the user's quota
  sha256 TEXT NOT NULL,
  characters INTEGER NOT NULL, -- of a text, 0 of an image
  width INTEGER NOT NULL, -- of an image in pixels, 0 of a text
  height INTEGER NOT NULL,
  tokens INTEGER NOT NULL, -- estimated
  created_at TEXT NOT NULL
);
CREATE INDEX attachments_user ON attachments (user_id, number);
CREATE INDEX attachments_file ON attachments (user_id, sha256);

-- What was attached to a question, as it was then: JSON list of id, name, kind, media_type, size,
-- tokens. With the message, so that a branch is read in one go and a fork copies it.
ALTER TABLE messages ADD COLUMN attachments TEXT NOT NULL DEFAULT '[]';
CREATE INDEX messages_attachments ON messages (conversation_id) WHERE attachments <> '[]';

CREATE TABLE prompts (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  command TEXT NOT NULL, -- what is typed after the slash
  title TEXT NOT NULL,
  content TEXT NOT NULL,
  is_shared INTEGER NOT NULL DEFAULT 0, -- with everybody
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
);
CREATE UNIQUE INDEX prompts_command ON prompts (user_id, command);
CREATE INDEX prompts_shared ON prompts (command) WHERE is_shared;
