"""The event log, and retries of what failed."""
