-- Runs of tools that users started in the playground: what went in and what came of it.
CREATE TABLE tool_runs (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  tool_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('running', 'waiting', 'done', 'failed', 'cancelled')),
  parameters TEXT NOT NULL, -- JSON
  files TEXT NOT NULL, -- JSON: names and sizes of what was sent along, never what is in them
  approval_id TEXT, -- what it waits for
  outcome TEXT, -- JSON, without artifacts; NULL until it has ended
  size INTEGER NOT NULL, -- bytes, with the artifacts
  created_at TEXT NOT NULL,
  ended_at TEXT,
  deadline_at TEXT NOT NULL -- when one that runs has been broken off with its portal
);
CREATE INDEX tool_runs_user ON tool_runs (user_id, id);
CREATE TABLE tool_run_artifacts (
  run_id TEXT NOT NULL REFERENCES tool_runs (id) ON DELETE CASCADE,
  place INTEGER NOT NULL,
  name TEXT NOT NULL,
  mime TEXT NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (run_id, place)
);
