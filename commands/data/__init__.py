"""Backups and their restore, exports, and removals with a report of what remains."""
