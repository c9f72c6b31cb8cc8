"""What the routes of the API and the pages of the console do alike."""
