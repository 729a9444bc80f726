"""One class a kind of upstream, chosen by a deployment's dialect from a table."""
