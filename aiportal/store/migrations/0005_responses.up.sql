CREATE TABLE responses (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  chain_id TEXT NOT NULL, -- the id of the response that its conversation began with
  previous_id TEXT, -- no reference: deleting one leaves those that go on from it
  created_at TEXT NOT NULL,
  input TEXT NOT NULL, -- JSON list of its own input items
  response TEXT NOT NULL, -- JSON: OpenAI's Response object
  size_bytes INTEGER NOT NULL -- of both
);
CREATE INDEX responses_user ON responses (user_id, number);
CREATE INDEX responses_age ON responses (created_at);
CREATE INDEX responses_chain ON responses (chain_id, created_at);
