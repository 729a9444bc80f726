"""One module a resource; `app` lists them."""
