"""Files of other packages that our pages load."""
