"""Wire dialects: pure translation between bytes and typed values, no I/O."""
