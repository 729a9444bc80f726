DROP TABLE tool_run_artifacts;
DROP TABLE tool_runs;
