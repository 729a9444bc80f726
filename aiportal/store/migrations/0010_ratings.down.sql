ALTER TABLE messages DROP COLUMN rating;
