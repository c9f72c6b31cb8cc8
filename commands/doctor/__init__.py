"""`pilito doctor`: checks of the installation by subject, with advice for each that fails."""
