"""The public Persian and English product-search set, and its measurement: see README.md of this folder."""
