"""Tests of the mapping of products for assistants and feeds."""
