"""The judge of adoption: what a real systemd holds of a set of units, property by property.

A set is loaded whole: its files stand in /etc/systemd/system of a host, each unit is enabled there (that is what gives
[Install] its meaning), and every unit is loaded and held before the first property is read: a dependency shows on the
other unit as well, as long as that one is loaded. They are held by a target of our own that is ordered after them all
(a reference to each by D-Bus would need more match rules than a bus allows). Both sets of a comparison are loaded by
the same host, one after the other, each from the state that the host had before.
"""

import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from qtctl.adapters import bridge, shell
from qtctl.adapters.dbus import StreamBus
from qtctl.dialects.systemd.unit_name import TYPES, is_valid
from qtctl.interfaces.host import BusCall, BusReply
from qtctl.lab import lab
from tests.adopt.excluded import plain, why_not_compared

INSTANCE = "qtctl"
"""A template is loaded through this instance."""
FOLDER = "etc/systemd/system"
ENABLED = "Install.Enabled"
LINKS = "Install.Links"
"""Of our own making: whether the unit can be enabled (or systemd's refusal), and the links that disabling would take
away: its own names in *.wants and *.requires, its aliases, and those of the units in Also=."""

_HOLDER = "qtctl-holder.target"
_DEADLINE_S = 60.0
_AT_ONCE = 400
"""Calls: the answers to more of them may be longer than is read."""
_MANAGER = "org.freedesktop.systemd1.Manager"
_PATH = "/org/freedesktop/systemd1"
_UNIT = "org.freedesktop.systemd1.Unit"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_CURSOR = "journalctl --sync; journalctl -n 0 --show-cursor -o cat | sed 's/^-- cursor: //'"
_SAID = "journalctl --sync; journalctl -o json --output-fields=CONFIG_FILE,CONFIG_LINE _PID=1"
_KEEP = f"test -e /run/before.tar || tar -C / -cf /run/before.tar {FOLDER}"
_RESTORE = f"rm -rf /{FOLDER} && tar -C / -xpf /run/before.tar"

Properties = dict[str, object]
Loaded = dict[str, Properties]
"""Unit → `Interface.Property` (the interface's last word) → plain value."""


@dataclass(frozen=True, slots=True)
class Files:
    """Files of /etc/systemd/system, by path below it; a link's content is its target. Drop-ins are files, too."""

    texts: Mapping[str, bytes]
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def units(self) -> tuple[str, ...]:
        """The units to be loaded: what lies at the top, and what has drop-ins."""
        top = [name for name in (*self.texts, *self.links) if "/" not in name and _is_unit(name)]
        owners = [name.split("/")[0][: -len(".d")] for name in self.texts if name.split("/")[0].endswith(".d")]
        return tuple(sorted({*top, *(name for name in owners if _is_unit(name))}))


class Difference(NamedTuple):
    """`before` or `after` is MISSING where only one of the two has the unit or property."""

    unit: str
    property: str
    before: object
    after: object


MISSING = "(missing)"


def read(folder: Path) -> Files:
    """The units of one folder with their drop-ins and links; folders below it other than *.d, *.wants … are not."""
    texts, links = {}, {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        inside = name.rpartition("/")[0]
        if inside and not inside.endswith((".d", ".wants", ".requires", ".upholds")):
            continue
        if path.is_symlink():
            links[name] = str(path.readlink())
        elif path.is_file() and (inside or _is_unit(path.name)):
            texts[name] = path.read_bytes()
    return Files(texts, links)


def loaded(host: str, files: Files, units: Sequence[str] | None = None, *, enable: bool = True) -> Loaded:
    """The properties of `units` (default: those of `files`) as the host's systemd has them. The host is left clean."""
    wanted = [_instance(name) for name in (files.units if units is None else units)]
    with _standing(host, files, wanted) as bus:
        found = _enabled(bus, files) if enable else {}
        _reload(bus)
        paths = _held(bus, wanted)
        for unit, properties in _properties(bus, wanted, paths).items():
            found.setdefault(unit, {}).update(properties)
    return found


def version(host: str) -> int:
    """Of the host's systemd."""
    return int(_shell(host, "systemctl --version", b"").split()[1])


def complaints(host: str, files: Files) -> frozenset[tuple[str, int]]:
    """File and line of each line that the host's systemd warns of when it loads the units of `files`."""
    cursor = _shell(host, _CURSOR, b"").strip()
    with _standing(host, files, files.units) as bus:
        _held(bus, files.units)
    entries = [json.loads(line) for line in _shell(host, f"{_SAID} --after-cursor='{cursor}'", b"").splitlines()]
    return frozenset(
        (str(entry["CONFIG_FILE"]).removeprefix(f"/{FOLDER}/"), int(entry["CONFIG_LINE"]))
        for entry in entries
        if "CONFIG_FILE" in entry
    )


@contextmanager
def _standing(host: str, files: Files, wanted: Sequence[str]) -> Iterator[StreamBus]:
    """The host's bus while the files stand there; afterwards the host is as it was."""
    held = f"[Unit]\nDefaultDependencies=no\nAfter={' '.join(filter(is_valid, wanted))}\n"
    texts = {**files.texts, _HOLDER: held.encode()}
    _shell(host, f"{_KEEP}; {_RESTORE}; tar -C /{FOLDER} -x", _packed(Files(texts, files.links)))
    try:
        with _bus(host) as bus:
            _reload(bus)
            yield bus
    finally:
        _shell(host, _RESTORE, b"")
        with _bus(host) as bus:
            _reload(bus)


def differences(before: Loaded, after: Loaded) -> list[Difference]:
    """What is not the same, without what excluded.py takes out."""
    found = []
    for unit in sorted({*before, *after}):
        old, new = before.get(unit), after.get(unit)
        if old is None or new is None:
            found.append(
                Difference(unit, "", MISSING if old is None else "loaded", MISSING if new is None else "loaded")
            )
            continue
        for name in sorted({*old, *new}):
            if why_not_compared(name):
                continue
            was, now = plain(name, old.get(name, MISSING)), plain(name, new.get(name, MISSING))
            if was != now:
                found.append(Difference(unit, name, was, now))
    return found


def _is_unit(name: str) -> bool:
    return name.rpartition(".")[2] in TYPES


def _instance(name: str) -> str:
    return name.replace("@.", f"@{INSTANCE}.") if "@." in name else name


def _packed(files: Files) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in files.texts.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
        for name, target in files.links.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            tar.addfile(entry)
    return out.getvalue()


def _shell(host: str, script: str, stdin: bytes) -> str:
    done = lab.execute(host, ["sh", "-ec", script], stdin=stdin)
    assert done.returncode == 0, done.stderr.decode()
    return str(done.stdout.decode())


@contextmanager
def _bus(host: str) -> Iterator[StreamBus]:
    """The host's own bus, by a bridge that runs there: who calls from outside has no pid there.

    systemd 255 wants the pid of who calls Reload, and ends where that is 0.
    """
    known = lab.find(host)
    assert known is not None
    bus = bridge.open_over_command(f"exec nsenter -t {known.leader} -a -r -w -- {shell.BRIDGE}", host, None)
    try:
        yield bus
    finally:
        bus.close()


def _ask(bus: StreamBus, calls: Sequence[BusCall]) -> list[BusReply]:
    parts = (calls[at : at + _AT_ONCE] for at in range(0, len(calls), _AT_ONCE))
    return [reply for part in parts for reply in bus.call(part, _DEADLINE_S)]


def _reload(bus: StreamBus) -> None:
    (reply,) = _ask(bus, [BusCall(_PATH, _MANAGER, "Reload")])
    assert not reply.error, reply


def _enabled(bus: StreamBus, files: Files) -> Loaded:
    """Enable each unit that lies at the top, and ask which links it then has."""
    names = [name for name in files.texts if "/" not in name and _is_unit(name)]
    names = sorted({*names, *map(_instance, names)})
    enabled = _ask(bus, [BusCall(_PATH, _MANAGER, "EnableUnitFiles", "asbb", ([name], False, True)) for name in names])
    links = _ask(bus, [BusCall(_PATH, _MANAGER, "GetUnitFileLinks", "sb", (name, False)) for name in names])
    return {
        name: {
            ENABLED: one.message if one.error else one.body[0],
            LINKS: two.message if two.error else sorted(map(str, _items(two.body[0]))),
        }
        for name, one, two in zip(names, enabled, links, strict=True)
    }


def _items(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


def _held(bus: StreamBus, units: Sequence[str]) -> list[str]:
    """Object paths of the units, each loaded and kept for as long as the connection lives. '' for one that is none."""
    _ask(bus, [BusCall(_PATH, _MANAGER, member, "s", (_HOLDER,)) for member in ("LoadUnit", "RefUnit")])
    replies = _ask(bus, [BusCall(_PATH, _MANAGER, "LoadUnit", "s", (unit,)) for unit in units])
    return ["" if reply.error else str(reply.body[0]) for reply in replies]


def _properties(bus: StreamBus, units: Sequence[str], paths: Sequence[str]) -> Loaded:
    kinds = [f"org.freedesktop.systemd1.{unit.rpartition('.')[2].capitalize()}" for unit in units]
    asked = [
        (unit, interface, BusCall(path, _PROPERTIES, "GetAll", "s", (interface,)))
        for unit, path, kind in zip(units, paths, kinds, strict=True)
        if path
        for interface in (_UNIT, kind)
    ]
    found: Loaded = {}
    for (unit, interface, _), reply in zip(asked, _ask(bus, [call for *_, call in asked]), strict=True):
        if reply.error:
            found.setdefault(unit, {})[interface] = f"{reply.error}: {reply.message}"
            continue
        short = interface.rpartition(".")[2]
        (values,) = reply.body
        assert isinstance(values, dict)
        if _HOLDER in values.get("Before", ()):
            values["Before"].remove(_HOLDER)
        found.setdefault(unit, {}).update({f"{short}.{name}": value for name, value in values.items()})
    return found
