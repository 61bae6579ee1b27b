"""The market of one product: tenders in, clearings and transactions out.  Pure."""
