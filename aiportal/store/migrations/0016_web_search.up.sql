-- What was searched for an answer and found, in JSON; null where nothing was. Whether a conversation's
-- questions are searched for.
ALTER TABLE messages ADD COLUMN web_search TEXT;
ALTER TABLE conversations ADD COLUMN web_search INTEGER NOT NULL DEFAULT 0;
