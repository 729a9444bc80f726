DROP TABLE queued_questions;
