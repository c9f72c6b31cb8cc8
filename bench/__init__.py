"""Benchmarks: ratios and counts that are measured on real servers and written to `results.md`."""
