"""Packages that a virtual environment must have."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DesiredPackage:
    """`name`: normalised (PEP 503). `versions`: one of these, or any if empty. `required`: it must be installed."""

    name: str
    versions: tuple[str, ...]
    required: bool
