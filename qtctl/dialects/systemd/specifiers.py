"""What `%i` and its like mean in a unit of a known name (systemd.unit(5)); what only the host knows stays as it is."""

import re

from qtctl.dialects.systemd.unit_name import instance_of, prefix_of, unescape

_SPECIFIER = re.compile(r"%(.)", re.DOTALL)


def expand(text: str, unit: str) -> str:
    """`text` with the specifiers that the unit's name decides replaced: %i %I %j %J %n %N %p %P and %%."""
    return _SPECIFIER.sub(lambda found: _meant(found, unit), text)


def _meant(found: re.Match[str], unit: str) -> str:
    stem = unit.rpartition(".")[0]
    prefix, instance = prefix_of(unit), instance_of(unit)
    last = prefix.rpartition("-")[2]
    meanings = {
        "%": "%", "n": unit, "N": stem, "p": prefix, "P": unescape(prefix), "i": instance, "I": unescape(instance),
        "j": last, "J": unescape(last),
    }  # fmt: skip
    return meanings.get(found[1], found[0])
