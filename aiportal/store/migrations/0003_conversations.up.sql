-- The integer keys are written out because the full-text tables refer to them: SQLite may renumber
-- implicit row ids.
CREATE TABLE conversations (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  title TEXT NOT NULL, -- empty until the first question or the user gives one
  model TEXT,
  system_prompt TEXT NOT NULL DEFAULT '',
  parameters TEXT NOT NULL DEFAULT '{}', -- JSON object of OpenAI's sampling parameters
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL -- when the last question was asked
);
CREATE INDEX conversations_user ON conversations (user_id, updated_at, number);
CREATE TABLE messages (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  -- No cascade from parent to child: SQLite nests those and gives up at a depth of 1,000.
  parent_id TEXT REFERENCES messages (id),
  turn_id TEXT UNIQUE, -- of an answer
  host_id TEXT, -- of an answer that is running: the process that runs it
  role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
  content TEXT NOT NULL,
  reasoning TEXT NOT NULL DEFAULT '',
  outline TEXT NOT NULL DEFAULT '[]', -- JSON: how reasoning and content alternated, [[type, characters]]
  model TEXT,
  status TEXT NOT NULL CHECK (status IN ('done', 'running', 'interrupted', 'cancelled', 'error')),
  finish_reason TEXT,
  usage TEXT, -- JSON: what events.UsageReported carries
  cost_usd REAL,
  error TEXT, -- JSON: message, code, type
  created_at TEXT NOT NULL
);
CREATE INDEX messages_conversation ON messages (conversation_id, number);
CREATE INDEX messages_parent ON messages (parent_id);
-- At most one answer of a conversation is being written.
CREATE UNIQUE INDEX messages_running ON messages (conversation_id) WHERE status = 'running';

CREATE VIRTUAL TABLE conversations_text USING fts5 (
  title, content = 'conversations', content_rowid = 'number', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER conversations_text_insert AFTER INSERT ON conversations BEGIN
  INSERT INTO conversations_text (rowid, title) VALUES (new.number, new.title);
END;
CREATE TRIGGER conversations_text_delete AFTER DELETE ON conversations BEGIN
  INSERT INTO conversations_text (conversations_text, rowid, title)
  VALUES ('delete', old.number, old.title);
END;
CREATE TRIGGER conversations_text_update AFTER UPDATE OF title ON conversations BEGIN
  INSERT INTO conversations_text (conversations_text, rowid, title)
  VALUES ('delete', old.number, old.title);
  INSERT INTO conversations_text (rowid, title) VALUES (new.number, new.title);
END;

-- An answer is indexed when it has ended, not at each of its partial saves.
CREATE VIRTUAL TABLE messages_text USING fts5 (
  content, content = 'messages', content_rowid = 'number', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER messages_text_insert AFTER INSERT ON messages WHEN new.status <> 'running' BEGIN
  INSERT INTO messages_text (rowid, content) VALUES (new.number, new.content);
END;
CREATE TRIGGER messages_text_delete AFTER DELETE ON messages WHEN old.status <> 'running' BEGIN
  INSERT INTO messages_text (messages_text, rowid, content)
  VALUES ('delete', old.number, old.content);
END;
CREATE TRIGGER messages_text_update AFTER UPDATE OF content, status ON messages BEGIN
  INSERT INTO messages_text (messages_text, rowid, content)
  SELECT 'delete', old.number, old.content WHERE old.status <> 'running';
  INSERT INTO messages_text (rowid, content)
  SELECT new.number, new.content WHERE new.status <> 'running';
END;
