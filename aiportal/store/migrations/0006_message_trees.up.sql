-- The end of the branch that was last looked at; NULL, or gone: the newest message.
-- No reference: two tables that refer to each other could not be dropped in either order.
ALTER TABLE conversations ADD COLUMN leaf_id TEXT;
ALTER TABLE messages ADD COLUMN edited_at TEXT;
CREATE INDEX messages_first ON messages (conversation_id, number) WHERE parent_id IS NULL;
