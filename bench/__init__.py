"""What the service costs: ratios and counts, measured on real servers and written to `results.md`."""
