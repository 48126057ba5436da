"""What systemd makes of a directive or section by its name alone: known, old, in the wrong place, or not known."""

from dataclasses import dataclass

from qtctl.dialects.systemd.renamed import new_spelling
from qtctl.dialects.systemd.table.lookup import Standing, homes, nearest, sections_of, since, standing, until


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, and what to do. `honoured`: systemd takes it all the same, or may."""

    what: str
    remedy: str
    honoured: bool = False


def directive_trouble(unit: str, section: str, key: str, version: int) -> Trouble | None:
    """What systemd `version` does with a directive in a unit of that name; None if it accepts it."""
    if section.startswith("X-") or key.startswith("X-") or section not in sections_of(unit):
        return None
    found = standing(section, key, version)
    if found is Standing.KNOWN:
        new = new_spelling(section, key)
        old = f"{key}= in [{section}] is an old spelling, which systemd still honours"
        return Trouble(old, f"write {new}", honoured=True) if new else None
    if found is Standing.UNSURE:
        what = f"whether systemd {version} knows {key}= in [{section}] is not known: {_history(section, key)}"
        return Trouble(what, "check it in its documentation", honoured=True)
    return Trouble(f"systemd {version} ignores {key}= in [{section}]", _remedy(unit, section, key, version))


def _history(section: str, key: str) -> str:
    first, last = since(section, key), until(section, key)
    return f"of those asked, {first} to {last} do" if first else "none of those asked does, and this one is newer"


def _remedy(unit: str, section: str, key: str, version: int) -> str:
    if since(section, key):
        return f"{since(section, key)} to {until(section, key)} know it: take it out, or correct the host's systemd"
    elsewhere = [home for home in homes(key, version) if home in sections_of(unit)]
    if elsewhere:
        return f"it belongs in [{elsewhere[0]}]"
    near = nearest(section, key, version)
    if near:
        return f"did you mean {near}=?"
    others = [(home, name) for home in sections_of(unit) if (name := nearest(home, key, version))]
    return f"did you mean {others[0][1]}= in [{others[0][0]}]?" if others else "take it out"


def section_trouble(unit: str, section: str) -> Trouble | None:
    """None for a section that a unit of this name may have, and for those that systemd leaves to others."""
    known = sections_of(unit)
    if section in known or section.startswith("X-"):
        return None
    near = {name.lower(): name for name in known}.get(section.lower())
    remedy = f"did you mean [{near}]?" if near else f"this unit can have {', '.join(f'[{name}]' for name in known)}"
    return Trouble(f"systemd ignores all of [{section}]", remedy)
