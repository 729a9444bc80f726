DROP TABLE tool_artifacts;
ALTER TABLE messages DROP COLUMN tool_calls;
