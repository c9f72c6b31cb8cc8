"""A stored product as assistants and feeds see it: pure functions, without a database or a network."""
