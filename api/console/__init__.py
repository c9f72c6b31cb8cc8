"""The console: pages for operators and shop owners, rendered on the server."""
