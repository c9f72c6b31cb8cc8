"""The crash matrix: each part, with each fault, at each step of an event and of a sync."""
