DROP INDEX messages_first;
ALTER TABLE messages DROP COLUMN edited_at;
ALTER TABLE conversations DROP COLUMN leaf_id;
