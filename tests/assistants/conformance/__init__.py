"""Outside marks: suites and clients of others against the running API."""
