-- Calls of tools that a person has to agree to, acknowledged with 202, so they outlast the process.
CREATE TABLE tool_approvals (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  tool_id TEXT NOT NULL,
  call TEXT, -- JSON: what is to be run; NULL once it is decided
  status TEXT NOT NULL CHECK (status IN ('pending', 'approved', 'declined')),
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL
);
CREATE INDEX tool_approvals_user ON tool_approvals (user_id, id);
CREATE INDEX tool_approvals_expiry ON tool_approvals (expires_at);
