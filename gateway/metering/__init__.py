"""Energy metering: pure, from readings to totals that never fall."""
