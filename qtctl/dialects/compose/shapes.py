"""The shapes that parts of a compose file may have: the notation of the table."""

from dataclasses import dataclass
from typing import Final, TypeAlias


@dataclass(frozen=True, slots=True)
class Scalar:
    """`types`: letters of S (text), N (number), I (whole number), B (true or false), Z (null)."""

    types: str
    choices: tuple[str, ...] = ()
    pattern: str = ""
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    entry: "Shape"
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Keyed:
    """A mapping: `keys`, and `others` for names like `named`. `open`: any other key; `extended`: keys with `x-`."""

    keys: dict[str, "Shape"]
    others: "Shape | None" = None
    named: str = ""
    open: bool = False
    extended: bool = False
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OneOf:
    shapes: tuple["Shape", ...]


@dataclass(frozen=True, slots=True)
class Ref:
    """Refers to a shape in the table by name."""

    name: str


Shape: TypeAlias = Scalar | Listed | Keyed | OneOf | Ref

TEXT: Final = Scalar("S")
TEXT_OR_NUMBER: Final = Scalar("NS")
TEXT_OR_WHOLE: Final = Scalar("IS")
TRUTH: Final = Scalar("BS")
PAIRS: Final = Ref("list_or_dict")
TEXTS: Final = Ref("list_of_strings")
TEXT_OR_TEXTS: Final = Ref("string_or_list")
