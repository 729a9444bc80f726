CREATE TABLE projects (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  instructions TEXT NOT NULL, -- stand before the system prompt of its conversations
  model TEXT, -- of its conversations that name none
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
);
CREATE INDEX projects_user ON projects (user_id, number);

ALTER TABLE conversations ADD COLUMN project_id TEXT REFERENCES projects (id) ON DELETE SET NULL;
ALTER TABLE conversations ADD COLUMN is_pinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN is_archived INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'; -- JSON list of words
ALTER TABLE conversations ADD COLUMN deleted_at TEXT; -- since when it is in the trash
-- Whose words the title is: those of the first question, of a model, or of the user.
ALTER TABLE conversations ADD COLUMN title_by TEXT NOT NULL DEFAULT 'question'
  CHECK (title_by IN ('question', 'model', 'user'));
-- Whose a title was is not known of those that are there: none of them is replaced.
UPDATE conversations SET title_by = 'user' WHERE title <> '';
CREATE INDEX conversations_project ON conversations (project_id) WHERE project_id IS NOT NULL;
CREATE INDEX conversations_trash ON conversations (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX conversations_pinned ON conversations (user_id, updated_at, number) WHERE is_pinned;

-- The index of messages learns whose they are, as one word that no tokenizer splits: a search then
-- walks through the caller's own messages alone. The column is filled in by the trigger.
ALTER TABLE messages ADD COLUMN owner TEXT NOT NULL DEFAULT '';
DROP TRIGGER messages_text_insert;
DROP TRIGGER messages_text_delete;
DROP TRIGGER messages_text_update;
DROP TABLE messages_text;
UPDATE messages SET owner = coalesce((
  SELECT replace(user_id, '_', '') FROM conversations c WHERE c.id = messages.conversation_id
), '');
-- Words are found by their beginnings: those of up to three characters have an index of their own.
CREATE VIRTUAL TABLE messages_text USING fts5 (
  owner, content, content = 'messages', content_rowid = 'number', prefix = '1 2 3',
  tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO messages_text (rowid, owner, content)
SELECT number, owner, content FROM messages WHERE status <> 'running' ORDER BY number;
CREATE TRIGGER messages_text_insert AFTER INSERT ON messages BEGIN
  UPDATE messages SET owner = coalesce((
    SELECT replace(user_id, '_', '') FROM conversations WHERE id = new.conversation_id
  ), '') WHERE number = new.number;
  INSERT INTO messages_text (rowid, owner, content)
  SELECT number, owner, content FROM messages WHERE number = new.number AND status <> 'running';
END;
CREATE TRIGGER messages_text_delete AFTER DELETE ON messages WHEN old.status <> 'running' BEGIN
  INSERT INTO messages_text (messages_text, rowid, owner, content)
  VALUES ('delete', old.number, old.owner, old.content);
END;
CREATE TRIGGER messages_text_update AFTER UPDATE OF content, status ON messages BEGIN
  INSERT INTO messages_text (messages_text, rowid, owner, content)
  SELECT 'delete', old.number, old.owner, old.content WHERE old.status <> 'running';
  INSERT INTO messages_text (rowid, owner, content)
  SELECT new.number, new.owner, new.content WHERE new.status <> 'running';
END;
