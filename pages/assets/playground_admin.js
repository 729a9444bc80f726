// What administrators do with tools.
