"""The MCP server: the catalogue of a store as tools, over streamable HTTP without sessions."""
