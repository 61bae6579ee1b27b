"""The doctor: walks a gateway and its devices, reads only, and says what to change where."""
