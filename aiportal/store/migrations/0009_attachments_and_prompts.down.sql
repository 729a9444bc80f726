DROP TABLE prompts;
DROP INDEX messages_attachments;
ALTER TABLE messages DROP COLUMN attachments;
DROP TABLE attachments;
