"""Conditions of a question: which fields can be compared, and the SQL of comparisons."""
