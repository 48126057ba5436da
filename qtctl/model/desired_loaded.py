"""What systemd must have loaded for a unit of a host."""

from dataclasses import dataclass

from qtctl.model.json import Json


@dataclass(frozen=True, slots=True)
class LoadedValue:
    """`property` of org.freedesktop.systemd1.`interface` must show `value` for what `directive` says."""

    interface: str
    directive: str
    property: str
    value: Json


@dataclass(frozen=True, slots=True)
class LoadedUnit:
    unit: str
    values: tuple[LoadedValue, ...]
