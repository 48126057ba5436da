"""What systemd makes of a directive or section by its name alone: known, old, in the wrong section, or unknown."""

from dataclasses import dataclass

from qtctl.dialects.systemd.renamed import find_new_spelling
from qtctl.dialects.systemd.table.lookup import (
    Standing,
    find_first_version,
    find_last_version,
    find_nearest,
    find_standing,
    list_homes,
    list_unit_sections,
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, and what to do. `honoured`: systemd takes it anyway, or may."""

    what: str
    remedy: str
    honoured: bool = False


def find_directive_trouble(unit: str, section: str, key: str, version: int) -> Trouble | None:
    """What systemd `version` does with a directive in a unit of that name; None if it accepts it."""
    if section.startswith("X-") or key.startswith("X-") or section not in list_unit_sections(unit):
        return None
    found = find_standing(section, key, version)
    if found is Standing.KNOWN:
        new = find_new_spelling(section, key)
        old = f"{key}= in [{section}] is an old spelling, which systemd still honours"
        return Trouble(old, f"write {new}", honoured=True) if new else None
    if found is Standing.UNSURE:
        what = f"whether systemd {version} knows {key}= in [{section}] is not known: {_describe_history(section, key)}"
        return Trouble(what, "check it in its documentation", honoured=True)
    return Trouble(f"systemd {version} ignores {key}= in [{section}]", _choose_remedy(unit, section, key, version))


def _describe_history(section: str, key: str) -> str:
    first, last = find_first_version(section, key), find_last_version(section, key)
    if not first:
        return "no measured version does, and this one is newer"
    return f"of the measured versions, {first} to {last} do"


def _choose_remedy(unit: str, section: str, key: str, version: int) -> str:
    if first := find_first_version(section, key):
        last = find_last_version(section, key)
        return f"{first} to {last} know it: take it out, or correct the host's systemd"
    elsewhere = [home for home in list_homes(key, version) if home in list_unit_sections(unit)]
    if elsewhere:
        return f"it belongs in [{elsewhere[0]}]"
    near = find_nearest(section, key, version)
    if near:
        return f"did you mean {near}=?"
    others = [(home, name) for home in list_unit_sections(unit) if (name := find_nearest(home, key, version))]
    return f"did you mean {others[0][1]}= in [{others[0][0]}]?" if others else "take it out"


def find_section_trouble(unit: str, section: str) -> Trouble | None:
    """None for a section that a unit of this name may have, and for sections that systemd leaves to other programs."""
    known = list_unit_sections(unit)
    if section in known or section.startswith("X-"):
        return None
    near = {name.lower(): name for name in known}.get(section.lower())
    remedy = f"did you mean [{near}]?" if near else f"this unit can have {', '.join(f'[{name}]' for name in known)}"
    return Trouble(f"systemd ignores all of [{section}]", remedy)
