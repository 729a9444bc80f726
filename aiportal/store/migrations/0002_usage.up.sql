CREATE TABLE usage (
  request_id TEXT PRIMARY KEY,
  created_at TEXT NOT NULL,
  user_id TEXT NOT NULL,
  key_id TEXT,
  endpoint TEXT NOT NULL,
  source TEXT NOT NULL, -- the door: api, web, notebook, cli
  run_id TEXT,
  model TEXT NOT NULL,
  deployment TEXT NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  estimated INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  ttft_ms REAL,
  latency_ms REAL NOT NULL,
  status INTEGER NOT NULL,
  error_code TEXT
);
CREATE INDEX usage_user ON usage (user_id, created_at);
