"""The doors for assistants: what they share, and a folder or module for each protocol."""
