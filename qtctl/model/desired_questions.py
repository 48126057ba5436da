"""What an audit asks a host."""

from dataclasses import dataclass

from qtctl.model.evidence import Need

Shown = tuple[tuple[str, str], ...]
"""Interface and name of each property."""


@dataclass(frozen=True, slots=True)
class Questions:
    """The facts that an audit reads, and for each unit the properties that show how its directives are loaded."""

    needs: tuple[Need, ...]
    properties: tuple[tuple[str, Shown], ...]
