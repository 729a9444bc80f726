-- Files that stand before each conversation of a project.
CREATE TABLE project_files (
  number INTEGER PRIMARY KEY,
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  attachment_id TEXT NOT NULL REFERENCES attachments (id) ON DELETE CASCADE,
  created_at TEXT NOT NULL,
  UNIQUE (project_id, attachment_id)
);
CREATE INDEX project_files_attachment ON project_files (attachment_id);
