"""Parts of the search query."""
