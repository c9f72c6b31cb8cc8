"""`pilito user` and `pilito admin`: accounts of people."""
