"""The proof: each promise of the product as a row with its command, its target and what was measured."""
