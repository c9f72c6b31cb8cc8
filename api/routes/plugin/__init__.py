"""What the plugin of a shop asks and sends, with the token of its store."""
