"""OpenAI's protocol for vector stores: search, and the shape of its errors."""
