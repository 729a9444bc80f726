CREATE TABLE preferences (
  user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  content TEXT NOT NULL, -- a JSON object, whatever the user's programs keep there
  updated_at TEXT NOT NULL
);
