DROP TABLE messages_text;
DROP TABLE conversations_text;
DROP TABLE messages;
DROP TABLE conversations;
