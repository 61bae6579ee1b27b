"""What every part of a register map keeps to: known keys only, and never changed."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Address = Annotated[int, Field(ge=0, le=0xFFFF)]
Word = Annotated[int, Field(ge=0, le=0xFFFF)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NumberType = Literal["uint16", "int16", "uint32", "int32", "float32", "uint64", "float64"]
Order = Literal["big", "little"]

SIZES = {
    "uint16": 1, "int16": 1, "uint32": 2, "int32": 2, "float32": 2, "uint64": 4, "float64": 4,
}  # fmt: skip
CODES = {
    "uint16": ">H", "int16": ">h", "uint32": ">I", "int32": ">i", "float32": ">f",
    "uint64": ">Q", "float64": ">d",
}  # fmt: skip


class Strict(BaseModel):
    """A mapping of a map file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
