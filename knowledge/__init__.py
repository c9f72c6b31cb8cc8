"""A product as text: normalised, read out of HTML, hashed, rendered and cut. Pure functions, no I/O."""
