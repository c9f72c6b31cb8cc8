"""How sentences for people are put together."""
