"""Whether a rendered unit says what the original said: directive by directive, as systemd reads them."""

import re
from collections.abc import Iterator, Mapping

from qtctl.adopt.adoption import Difference
from qtctl.adopt.assignments import Merged, merge
from qtctl.adopt.read import Assignment
from qtctl.adopt.tables import Made, describe_unit
from qtctl.dialects.systemd.booleans import parse_boolean
from qtctl.dialects.systemd.directives import EMPTY_SAYS, INPUTS, LISTENS, AssignmentRule, find_assignment_rule
from qtctl.dialects.systemd.exec_lines import read_commands
from qtctl.dialects.systemd.properties import Shape, find_property
from qtctl.dialects.systemd.size import parse_bytes
from qtctl.dialects.systemd.table.lookup import list_unit_sections
from qtctl.dialects.systemd.unitfile import UnitFile, merge_assignments, parse
from qtctl.errors import InputError

At = tuple[str, str]
Values = Mapping[At, tuple[object, ...]]

RESET = object()
"""Stands for an empty assignment that drops what was said before."""
OWN = 2
"""Sections of a unit that has no section of its own: [Unit] and [Install]."""
_NUMBER = re.compile(r"[+-]?[0-9]+")
DEFAULTS: dict[At, tuple[str, ...]] = {("Service", "Type"): ("simple",)}
"""systemd's defaults for directives that rendering writes explicitly."""


def find_differences(made: Made, rendered: str) -> Iterator[Difference]:
    """Differences of one unit, sorted. `because` says why it was left out or added; '' if nothing explains it."""
    unit = made.original.unit
    if made.original.unloadable:
        section = list_unit_sections(unit)[1] if len(list_unit_sections(unit)) > OWN else "Unit"
        yield Difference(unit, section, "", "systemd does not load the original, for its encoding")
    foreign = made.original.foreign
    before = read_values(made.original.merged, unit, resets=foreign)
    after = read_values(merge_file(parse(rendered, unit), resets=foreign), unit, resets=foreign)
    for at in sorted({*before, *after}):
        if before.get(at) == after.get(at) or _is_harmless(made, at, before, after):
            continue
        if not at[0].startswith("X-") and not at[1].startswith("X-"):
            yield Difference(unit, *at, _explain(made, at))


def find_instance_differences(made: Made) -> Iterator[Difference]:
    """Directives of an instance that drop-ins of its template set, although its own hid those or came later."""
    because = "drop-ins of its template are merged there: those of an instance no longer hide them or come before"
    for at in made.original.changed:
        yield Difference(made.original.unit, *at, because)


def merge_file(file: UnitFile, *, resets: bool) -> Merged:
    """The effective assignments of a rendered file. `resets` as in `merge`."""
    said = (Assignment(line.section, line.key, line.value, file.name, line.line) for line in file.directives)
    return merge(said, resets=resets)


def read_values(merged: Merged, unit: str, *, resets: bool) -> dict[At, tuple[object, ...]]:
    """(section, directive) → values as `effective` reads them, in one spelling.

    Directives with a common order form one list. If a drop-in empties it, it begins with RESET: what follows does not
    add to what the unit says.
    """
    said = sorted((one for those in merged.held.values() for one in those), key=lambda one: one.value != "")
    found: dict[At, tuple[object, ...]] = {}
    for at, values in merge_assignments(said, unit).items():
        found[at] = tuple(map(_normalize_size, values)) if is_size(at) else _normalize(at[1], values)
    for together in (LISTENS, INPUTS):
        ordered = tuple((said.key, said.value) for said in merged.order if said.key in together and said.value)
        if ordered:
            section = next(said.section for said in merged.order if said.key in together)
            found = {at: values for at, values in found.items() if at[1] not in together}
            found[section, ordered[0][0]] = ordered
    for at, each in merged.held.items() if resets else ():
        if not each[0].value:
            found[at] = (RESET, *(value for value in found.get(at, ()) if value != ""))
    return {at: values for at, values in found.items() if values or at[1] == "CapabilityBoundingSet"}


def is_size(at: At) -> bool:
    """Whether the directive is a number of bytes, which `systemctl set-property` writes in full."""
    shown = find_property(*at)
    return shown is not None and shown.shape is Shape.BYTES


def _normalize_size(value: str) -> object:
    """In bytes; a share as it is."""
    try:
        return parse_bytes(value)
    except InputError:
        return _normalize_word(value)


def _normalize(key: str, values: tuple[str, ...]) -> tuple[object, ...]:
    kind = find_assignment_rule(key)
    if key.startswith("Exec") and kind is AssignmentRule.LINES:
        return tuple(command for value in values for command in _normalize_commands(value))
    if key == "Environment":
        return tuple(sorted(dict(word.partition("=")[::2] for word in values).items()))
    if key.startswith("LoadCredential"):
        found = dict((value if ":" in value else f"{value}:{value}").split(":", 1) for value in values)
        return tuple(sorted(found.items()))
    if key in EMPTY_SAYS:
        values = tuple(value for value in values if value) or values[:1]
    if kind in (AssignmentRule.UNITS, AssignmentRule.INSTALL):
        return tuple(sorted(values))
    return tuple(_normalize_word(value) for value in values)


def _normalize_commands(value: str) -> tuple[object, ...]:
    try:
        return read_commands(value)
    except InputError:
        return (value,)


def _normalize_word(value: str) -> object:
    """A boolean by its meaning; a path without what systemd simplifies away."""
    value = value.replace("%%", "%")
    truth = parse_boolean(value)
    if truth is not None and value not in ("0", "1"):
        return truth
    if value.lstrip("-+").startswith("/") and ":" not in value:
        return value.rstrip("/") or "/"
    return int(value) if _NUMBER.fullmatch(value) else value


_SAID_BY_NAME = frozenset((("Timer", "Unit"), ("Service", "Type"), ("Mount", "Where"), ("Automount", "Where")))
"""What systemd derives from the name if the unit does not set it."""


def _is_harmless(made: Made, at: At, before: Values, after: Values) -> bool:
    """A value that was only implied before."""
    if before.get(at) is None and after.get(at) == DEFAULTS.get(at):
        return True
    if at == ("Unit", "Description"):
        return before.get(at) is None and after.get(at) == (_normalize_word(describe_unit(made.original)),)
    if at in _SAID_BY_NAME and before.get(at) is None:
        return True
    return before.get(at) is not None and after.get(at) is not None and are_same_values(before[at], after[at])


def are_same_values(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    """Whether a directive with these values is the same to systemd."""
    return _normalize_numbers(one) == _normalize_numbers(other)


def _normalize_numbers(values: tuple[object, ...]) -> tuple[object, ...]:
    """yes and 1 are the same if a directive takes both."""
    return tuple({True: 1, False: 0}.get(value, value) if isinstance(value, bool) else value for value in values)


def _explain(made: Made, at: At) -> str:
    said = made.original.merged.held.get(at, ())
    hidden = {id(each) for each, _ in made.hidden.lines}
    if any(id(each) in hidden for each in said) or _was_hidden(made, at):
        return "a secret was left where it was"
    if at in made.entry.left:
        return made.entry.left[at]
    if at[0] == "Install" and (made.original.pulled or made.original.aliases):
        return "links enabled it, and [Install] did not"
    return ""


def _was_hidden(made: Made, at: At) -> bool:
    """What became of a secret: a variable in the host-only file instead of a literal."""
    keys = {each.key for each, _ in made.hidden.lines}
    return at[1] in keys or (bool(made.hidden.names) and at == ("Service", "EnvironmentFile"))
