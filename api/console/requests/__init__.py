"""What browsers send: bodies of forms, moments as people write them, and failures that a page shows."""
