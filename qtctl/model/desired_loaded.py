"""What systemd must have loaded for a unit."""

from dataclasses import dataclass

from qtctl.model.json import Json


@dataclass(frozen=True, slots=True)
class LoadedValue:
    """`property` of org.freedesktop.systemd1.`interface` must show `value` because of `directive`."""

    interface: str
    directive: str
    property: str
    value: Json


@dataclass(frozen=True, slots=True)
class LoadedUnit:
    unit: str
    values: tuple[LoadedValue, ...]
