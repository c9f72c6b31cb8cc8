"""Routes about accounts of people, for admins."""
