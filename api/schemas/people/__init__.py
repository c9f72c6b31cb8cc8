"""Query parameters, bodies and responses about accounts of people."""
