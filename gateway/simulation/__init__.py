"""Whole houses without hardware: the demo and what it shows."""
