"""Which declared units an operator means by a word: a service, an instance, a template, a unit, a target, a pattern."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from fnmatch import fnmatchcase

from qtctl.dialects.systemd.unit_name import strip_type
from qtctl.errors import InputError
from qtctl.model.desired import Desired, DesiredExternal, DesiredService
from qtctl.model.desired_unit import DesiredUnit
from qtctl.model.unit_kinds import UnitKind

_GLOB = frozenset("*?[")


def choose_units(
    desired: Desired, words: Iterable[str], categories: Iterable[str] = (), *, changing: bool
) -> tuple[DesiredUnit, ...]:
    """The units, each once, sorted by name; all of the host if nothing is named. InputError for a word without a unit.

    A target stands for itself and for everything that is in it. `categories`: of services. `changing`: units that
    qtctl does not generate are not meant by patterns and targets, and it is an error to name them.
    """
    words, categories = tuple(dict.fromkeys(words)), tuple(dict.fromkeys(categories))
    every = tuple(each for each in desired.units() if not (changing and isinstance(each, DesiredExternal)))
    if not words and not categories:
        return every
    found: dict[str, DesiredUnit] = {}
    for word in words:
        named = _find(desired, every, word)
        found.update((each.unit, each) for each in named)
    for category in categories:
        found.update((each.unit, each) for each in _find_category(desired, category))
    return tuple(found[unit] for unit in sorted(found))


def _find(desired: Desired, every: tuple[DesiredUnit, ...], word: str) -> tuple[DesiredUnit, ...]:
    if _GLOB & set(word):
        found = tuple(each for each in every if fnmatchcase(each.unit, word) or fnmatchcase(each.name, word))
    else:
        found = tuple(each for each in every if word in _list_names(each))
    if found:
        return _add_members(every, found)
    _refuse_external(desired, word)
    near = get_close_matches(word, sorted({name for each in every for name in _list_names(each)}), n=2)
    hint = f"did you mean {' or '.join(near)}?" if near else f"`qtctl status --host {desired.host}` lists them"
    raise InputError(f"no unit that is declared for {desired.host} is called {word!r}", hint=hint)


def _list_names(unit: DesiredUnit) -> tuple[str, ...]:
    """Its names, and those of its template, by which all instances are meant. A timer's short name is its service's."""
    template = unit.template
    of_template = (template, strip_type(template), strip_type(template).removesuffix("@"), unit.name.partition("@")[0])
    names = (*unit.names, *(of_template if template else ()))
    return (*names, unit.name) if unit.kind in (UnitKind.SERVICE, UnitKind.TARGET) else names


def _refuse_external(desired: Desired, word: str) -> None:
    for each in desired.externals:
        if word in (each.name, *each.names):
            what = f"{each.unit} is external: qtctl audits it, and does not start or stop it"
            raise InputError(what, hint="use systemctl on the host")


def _add_members(every: tuple[DesiredUnit, ...], found: tuple[DesiredUnit, ...]) -> tuple[DesiredUnit, ...]:
    """With what is in the targets, and in the targets that are in them."""
    whole = {each.unit: each for each in found}
    left = [each.unit for each in found if each.kind is UnitKind.TARGET]
    while left:
        target = left.pop()
        for each in _list_members(every, target):
            if each.unit not in whole:
                whole[each.unit] = each
                left += [each.unit] * (each.kind is UnitKind.TARGET)
    return tuple(whole.values())


def _list_members(every: Iterable[DesiredUnit], target: str) -> Iterator[DesiredUnit]:
    for each in every:
        required_by = (unit for directive, unit in each.install if directive == "RequiredBy")
        if not isinstance(each, DesiredExternal) and target in (*each.wanted_by, *required_by, *each.part_of):
            yield each


def _find_category(desired: Desired, category: str) -> tuple[DesiredService, ...]:
    found = tuple(each for each in desired.services if each.category == category)
    if not found:
        known = sorted({each.category for each in desired.services if each.category})
        hint = f"there are: {', '.join(known)}" if known else "no service has one"
        raise InputError(f"no service of {desired.host} is in category {category!r}", hint=hint)
    return found
