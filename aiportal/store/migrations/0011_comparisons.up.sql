-- What the answers to one question that were started together share.
ALTER TABLE messages ADD COLUMN comparison_id TEXT;
-- Those run at once. That no other answer of the conversation does is checked where one begins.
DROP INDEX messages_running;
CREATE INDEX messages_running ON messages (conversation_id) WHERE status = 'running';

-- Blind battles: one question, two models whose names are told after the vote. Side A is model_a.
CREATE TABLE arena_battles (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  model_a TEXT NOT NULL,
  model_b TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('running', 'ended', 'failed', 'cancelled')),
  question TEXT NOT NULL, -- for its owner alone, as the answers; empty once it is kept
  answer_a TEXT NOT NULL DEFAULT '',
  answer_b TEXT NOT NULL DEFAULT '',
  usage_a TEXT, -- JSON: what events.UsageReported carries
  usage_b TEXT,
  outcome TEXT CHECK (outcome IN ('a', 'b', 'tie', 'both_poor')),
  conversation_id TEXT REFERENCES conversations (id) ON DELETE SET NULL, -- in which it is kept
  created_at TEXT NOT NULL,
  voted_at TEXT
);
CREATE INDEX arena_battles_votes ON arena_battles (voted_at) WHERE outcome IS NOT NULL;
CREATE INDEX arena_battles_user ON arena_battles (user_id, created_at);
CREATE INDEX arena_battles_conversation ON arena_battles (conversation_id)
  WHERE conversation_id IS NOT NULL;
