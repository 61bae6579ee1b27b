"""How a device's words differ from what the standard makes of them; most differ in nothing."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Switches of the decoder.

    Attributes:
        low_word_first: numbers of several registers have their lowest word first.  "Not
            implemented" is then understood in both orders, as devices send either.
        bare_numbers: a scale factor that is not implemented means the number as it stands.
        signed_counters: accumulators come as two's complement of a negative number, and what
            they count is its size.
    """

    low_word_first: bool = False
    bare_numbers: bool = False
    signed_counters: bool = False


PLAIN: Final = Dialect()
"""As the standard says."""
