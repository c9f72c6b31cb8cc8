"""What an operator types, by what it is about."""
