ALTER TABLE conversations DROP COLUMN web_search;
ALTER TABLE messages DROP COLUMN web_search;
