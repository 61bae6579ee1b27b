"""The counters of the desk, one per kind of request."""
