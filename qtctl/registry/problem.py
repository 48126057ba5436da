"""What is wrong with a registry that reads well."""

from typing import TypeAlias

from qtctl.model.origin import Origin

Problem: TypeAlias = tuple[str, Origin, str]
"""What is wrong, where it stands, what to do."""
