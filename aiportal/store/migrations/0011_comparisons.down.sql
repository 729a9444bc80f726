DROP TABLE arena_battles;
DROP INDEX messages_running;
-- Several of one conversation could not be told apart from one that runs.
UPDATE messages SET status = 'interrupted', host_id = NULL WHERE status = 'running';
CREATE UNIQUE INDEX messages_running ON messages (conversation_id) WHERE status = 'running';
ALTER TABLE messages DROP COLUMN comparison_id;
