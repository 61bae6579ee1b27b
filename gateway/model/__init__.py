"""The words of the house: frozen values and nothing else.

Sign: passive.  Positive power flows into the device: generation is negative, charging
positive, the grid meter positive on import.  Positions: BUY +, SELL -.
"""
