"""Packages that a virtual environment must have."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DesiredPackage:
    """`name` normalised (PEP 503). `versions`: one of these, any where there is none. `required`: it must be there."""

    name: str
    versions: tuple[str, ...]
    required: bool
