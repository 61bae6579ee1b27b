"""What the owner says of a SunSpec device."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from drivers.sunspec.discovery import BASES
from drivers.sunspec.measure import BankSign, Sign
from drivers.sunspec.quirks import Override
from gateway.model.device import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The driver's own keys.

    Attributes:
        sign: what a positive W of a meter model means; ``bank_sign``: of model 802.
        bases: where the marker may stand, in this order.
        connect: whether a battery bank found disconnected may be connected (802 SetOp).
        signed: whether the owner wrote ``sign``, which then goes before the quirks table.
        quirks: what the owner wrote in place of the table; None: the table is not asked.
    """

    sign: Sign = "import"
    bank_sign: BankSign = "discharge"
    bases: tuple[int, ...] = BASES
    connect: bool = False
    signed: bool = False
    quirks: Override = field(default_factory=dict)

    def turned(self, role: Role) -> Mapping[str, str]:
        """The key that counts power the other way round, of a meter or of a battery bank."""
        if role is Role.STORAGE:
            return {"bank_sign": "charge" if self.bank_sign == "discharge" else "discharge"}
        return {"sign": "export" if self.sign == "import" else "import"}
