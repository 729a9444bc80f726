-- What is in the trash would come back.
DELETE FROM conversations WHERE deleted_at IS NOT NULL;
DROP TRIGGER messages_text_insert;
DROP TRIGGER messages_text_delete;
DROP TRIGGER messages_text_update;
DROP TABLE messages_text;
ALTER TABLE messages DROP COLUMN owner;
CREATE VIRTUAL TABLE messages_text USING fts5 (
  content, content = 'messages', content_rowid = 'number', tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO messages_text (rowid, content)
SELECT number, content FROM messages WHERE status <> 'running' ORDER BY number;
CREATE TRIGGER messages_text_insert AFTER INSERT ON messages WHEN new.status <> 'running' BEGIN
  INSERT INTO messages_text (rowid, content) VALUES (new.number, new.content);
END;
CREATE TRIGGER messages_text_delete AFTER DELETE ON messages WHEN old.status <> 'running' BEGIN
  INSERT INTO messages_text (messages_text, rowid, content)
  VALUES ('delete', old.number, old.content);
END;
CREATE TRIGGER messages_text_update AFTER UPDATE OF content, status ON messages BEGIN
  INSERT INTO messages_text (messages_text, rowid, content)
  SELECT 'delete', old.number, old.content WHERE old.status <> 'running';
  INSERT INTO messages_text (rowid, content)
  SELECT new.number, new.content WHERE new.status <> 'running';
END;
DROP INDEX conversations_pinned;
DROP INDEX conversations_trash;
DROP INDEX conversations_project;
ALTER TABLE conversations DROP COLUMN title_by;
ALTER TABLE conversations DROP COLUMN deleted_at;
ALTER TABLE conversations DROP COLUMN tags;
ALTER TABLE conversations DROP COLUMN is_archived;
ALTER TABLE conversations DROP COLUMN is_pinned;
ALTER TABLE conversations DROP COLUMN project_id;
DROP TABLE projects;
