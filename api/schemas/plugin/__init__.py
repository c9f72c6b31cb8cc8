"""Bodies and responses of the routes for the plugin of a shop."""
