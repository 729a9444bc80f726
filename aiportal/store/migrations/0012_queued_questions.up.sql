-- Questions that wait for the end of the answer that is being written in their conversation.
CREATE TABLE queued_questions (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  content TEXT NOT NULL,
  model TEXT NOT NULL, -- as it was resolved when the question came
  is_once INTEGER NOT NULL, -- the conversation does not remember that model
  attachments TEXT NOT NULL, -- JSON, as messages.attachments
  source TEXT NOT NULL, -- the door, for the ledger
  key_id TEXT, -- the API key that it came with, for the ledger
  error TEXT, -- why it could not be asked, in words for its owner
  created_at TEXT NOT NULL
);
CREATE INDEX queued_questions_conversation ON queued_questions (conversation_id, number);
CREATE INDEX queued_questions_user ON queued_questions (user_id, number);
