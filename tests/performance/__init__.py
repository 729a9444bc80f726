"""`python -m tests.performance.bench`: what the portal costs over a bare relay, in one run."""
