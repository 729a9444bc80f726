-- JSON: what chat.Rating carries; of an answer that its owner has rated.
ALTER TABLE messages ADD COLUMN rating TEXT;
