"""Forecasts: from a site's own past to what may come.  Pure."""
