"""Programs of others that speak to the portal, each at its newest release: `python -m tests.clients`.

One script a client, run in an environment of its own, so that the portal's pins say nothing of
which client works. A script takes the portal from `PORTAL_URL` and `PORTAL_KEY`.
"""
