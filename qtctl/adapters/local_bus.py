"""Choose the library for this machine's system bus: jeepney, unless QTCTL_BUS says pydbus."""

import os
from collections.abc import Callable
from importlib import import_module
from typing import Protocol

from qtctl.adapters import bridge, elevate, shell
from qtctl.errors import InputError
from qtctl.interfaces.host import Bus

VARIABLE = "QTCTL_BUS"
JEEPNEY, PYDBUS = "jeepney", "pydbus"


class LocalBus(Bus, Protocol):
    def close(self) -> None: ...


Open = Callable[[str, bool, float], LocalBus]
"""Open the bus at a host, as the user or through sudo, within so many seconds."""


def choose_library() -> Open:
    """How to open the bus. InputError if QTCTL_BUS names something unknown or not installed."""
    name = os.environ.get(VARIABLE) or JEEPNEY
    if name == JEEPNEY:
        return _open_by_jeepney
    if name != PYDBUS:
        raise InputError(f"{VARIABLE}={name}: unknown D-Bus library", hint=f"{JEEPNEY} or {PYDBUS}")
    try:
        local: Callable[[str], LocalBus] = import_module("qtctl.adapters.dbus_pydbus").open_local
    # gi raises ValueError if GLib's type libraries are not the versions it needs.
    except (ImportError, ValueError) as error:
        hint = "apt-get install python3-pydbus and a venv with --system-site-packages, or pip install 'qtctl[pydbus]'"
        raise InputError(f"{VARIABLE}={name}: {error}", hint=hint) from error
    return lambda host, sudo, _: _open_by_pydbus(local, host, sudo)


def _open_by_jeepney(host: str, sudo: bool, deadline_s: float) -> LocalBus:
    if not sudo:
        return bridge.open_local(host, deadline_s=deadline_s)
    return bridge.open_over_command(
        elevate.make_command(shell.BRIDGE, root=True), host, lambda said: elevate.make_refusal(host, said), deadline_s
    )


def _open_by_pydbus(local: Callable[[str], LocalBus], host: str, sudo: bool) -> LocalBus:
    if sudo:
        raise InputError(f"{VARIABLE}={PYDBUS} does not go through sudo", hint=f"run qtctl as root, or with {JEEPNEY}")
    return local(host)
