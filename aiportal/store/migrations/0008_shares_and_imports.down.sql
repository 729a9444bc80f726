DROP TABLE imported_conversations;
DROP TABLE shares;
