"""What the world does: state + commands + dt -> state.  Pure; time and seeds are given.

Sources speak of output (generation, positive); everything else is passive: positive power
flows into the device.
"""
