"""UCP 2026-08-25, its catalogue: requests and responses, which REST and MCP share, and the profile."""
