"""Drop-ins of an instance whose template is adopted: what they hid cannot be hidden once it is merged."""

from collections.abc import Iterable, Iterator

from qtctl.adopt.assignments import At
from qtctl.adopt.classify_files import DropinSource
from qtctl.adopt.encoding import decode
from qtctl.dialects.systemd.unitfile import parse
from qtctl.errors import InputError


def find_hidden(own: Iterable[DropinSource], merged: Iterable[DropinSource]) -> Iterator[DropinSource]:
    """The drop-ins merged into the template that systemd would not read for the instance."""
    names = {each.name for each in own}
    return (each for each in merged if each.name in names)


def find_changed(own: Iterable[DropinSource], merged: Iterable[DropinSource]) -> tuple[At, ...]:
    """What may change for the instance, sorted: what was hidden, and what would come later."""
    mine, theirs = tuple(own), tuple(merged)
    found = {at for each in find_hidden(mine, theirs) for at in _list_said(each)}
    for each in theirs:
        found |= {at for one in mine if one.name < each.name for at in _list_said(one)} & _list_said(each)
    return tuple(sorted(found))


def _list_said(dropin: DropinSource) -> set[At]:
    try:
        file = parse(decode(dropin.content).text, dropin.path)
    except InputError:
        return set()
    return {(line.section, line.key) for line in file.directives}
