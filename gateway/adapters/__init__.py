"""One file per port: where the house touches the world."""
