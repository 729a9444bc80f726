-- A branch of a conversation as it stood, for every user of the portal who has the id.
CREATE TABLE shares (
  id TEXT PRIMARY KEY,
  conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  title TEXT NOT NULL,
  passages TEXT NOT NULL, -- JSON: what chat.Passage carries
  created_at TEXT NOT NULL,
  expires_at TEXT
);
CREATE INDEX shares_conversation ON shares (conversation_id, created_at);
CREATE INDEX shares_expiry ON shares (expires_at) WHERE expires_at IS NOT NULL;

-- Where conversations came from, so that a file that comes again brings no second copy.
CREATE TABLE imported_conversations (
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  source TEXT NOT NULL, -- the program that wrote the file
  foreign_id TEXT NOT NULL, -- its own id of the conversation
  conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  PRIMARY KEY (user_id, source, foreign_id)
);
CREATE INDEX imported_conversations_here ON imported_conversations (conversation_id);
