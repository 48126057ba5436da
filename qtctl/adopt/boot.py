"""Which adopted units a boot starts, judging by their files: by links, by [Install], and by what pulls them in."""

from collections.abc import Iterable, Iterator, Mapping

from qtctl.adopt.merged_units import Original
from qtctl.dialects.systemd.boot_order import OF_EVERY_BOOT
from qtctl.dialects.systemd.unit_name import get_template

INSTALLED_BY = ("WantedBy", "RequiredBy", "UpheldBy")
_PULLS = ("Wants", "Requires", "BindsTo", "Upholds")


def find_started_at_boot(units: Iterable[Original], *, linked: bool) -> frozenset[str]:
    """Names of those that a boot reaches; an instance counts as its template.

    `linked`: links show what is enabled, rather than [Install]. Of units that were not adopted, a boot starts those of
    systemd that every boot has: the purpose of an unknown target is not known (one resets a power supply).
    """
    units = tuple(units)
    names = _map_names(units)
    pulled: dict[str, set[str]] = {}
    for puller, unit in _list_pulls(units, linked=linked):
        pulled.setdefault(_resolve(puller, names), set()).add(_resolve(unit, names))
    open_ = {_resolve(name, names) for name in OF_EVERY_BOOT}
    found = set[str]()
    while open_:
        unit = open_.pop()
        found.add(unit)
        open_ |= pulled.get(unit, set()) - found
    return frozenset(found)


def _map_names(units: Iterable[Original]) -> Mapping[str, str]:
    """Every name of an adopted unit → the unit."""
    found = {alias: each.unit for each in units for alias in each.aliases}
    return found | {each.unit: each.unit for each in units}


def _resolve(name: str, names: Mapping[str, str]) -> str:
    return names.get(name) or names.get(get_template(name)) or name


def _list_pulls(units: Iterable[Original], *, linked: bool) -> Iterator[tuple[str, str]]:
    """Pairs of a unit and a unit that it pulls in."""
    for each in units:
        yield from ((link.puller, link.unit) for link in each.pulled)
        yield from ((each.unit, named) for named in _list_words(each, "Unit", _PULLS))
        if not linked:
            yield from ((puller, each.unit) for puller in _list_words(each, "Install", INSTALLED_BY))


def _list_words(original: Original, section: str, keys: Iterable[str]) -> Iterator[str]:
    for key in keys:
        for line in original.merged.all(section, key):
            yield from line.split()
