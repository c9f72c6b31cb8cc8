"""The processes that `pilito up` starts: how they begin, end, are restarted and log."""
