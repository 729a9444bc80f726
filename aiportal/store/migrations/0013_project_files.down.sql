DROP TABLE project_files;
