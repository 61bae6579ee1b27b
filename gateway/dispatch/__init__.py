"""Pure: how positions become setpoints.  plan wants, guard bounds, effect judges."""
