"""What to ask a host for an audit of it."""

from dataclasses import dataclass

from qtctl.model.evidence import Need

Shown = tuple[tuple[str, str], ...]
"""Interface and name of properties."""


@dataclass(frozen=True, slots=True)
class Questions:
    """The facts that an audit reads, and of each unit the properties that show how its directives are loaded."""

    needs: tuple[Need, ...]
    properties: tuple[tuple[str, Shown], ...]
