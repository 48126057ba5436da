"""Which declared units an operator means by a word: a service, an instance, a template, a unit, a target, a pattern."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    return choose_on_hosts({"": desired}, words, categories, changing=changing)[""]


def choose_on_hosts(
    hosts: Mapping[str, Desired], words: Iterable[str], categories: Iterable[str] = (), *, changing: bool
) -> dict[str, tuple[DesiredUnit, ...]]:
    """As `choose_units`, of each host; hosts that have nothing of what is named are left out.

    InputError for a word or category that means nothing on any of them.
    """
    words, categories = tuple(dict.fromkeys(words)), tuple(dict.fromkeys(categories))
    every = {name: _list_units(desired, changing=changing) for name, desired in hosts.items()}
    if not words and not categories:
        return every
    found: dict[str, dict[str, DesiredUnit]] = {}
    for word in words:
        by_host = {name: _find(desired, every[name], word) for name, desired in hosts.items()}
        if not any(by_host.values()):
            raise _explain_unknown(tuple(hosts.values()), every.values(), word)
        _add(found, by_host)
    for category in categories:
        by_host = {name: _find_category(desired, category) for name, desired in hosts.items()}
        if not any(by_host.values()):
            raise _explain_no_category(tuple(hosts.values()), category)
        _add(found, by_host)
    return {name: tuple(found[name][unit] for unit in sorted(found[name])) for name in hosts if name in found}


def _add(found: dict[str, dict[str, DesiredUnit]], more: Mapping[str, Iterable[DesiredUnit]]) -> None:
    for name, units in more.items():
        for each in units:
            found.setdefault(name, {})[each.unit] = each


def _list_units(desired: Desired, *, changing: bool) -> tuple[DesiredUnit, ...]:
    return tuple(each for each in desired.units() if not (changing and isinstance(each, DesiredExternal)))


def _find(desired: Desired, every: tuple[DesiredUnit, ...], word: str) -> tuple[DesiredUnit, ...]:
    """() if the word means nothing on this host; InputError if it means something that qtctl does not change."""
    if _GLOB & set(word):
        found = tuple(each for each in every if fnmatchcase(each.unit, word) or fnmatchcase(each.name, word))
    else:
        found = tuple(each for each in every if word in _list_names(each))
    if found:
        return _add_members(every, found)
    _refuse_external(desired, word)
    return ()


def _explain_unknown(hosts: Sequence[Desired], every: Iterable[tuple[DesiredUnit, ...]], word: str) -> InputError:
    from difflib import get_close_matches  # noqa: PLC0415 - 10 ms, for an error alone

    known = sorted({name for units in every for each in units for name in _list_names(each)})
    near = get_close_matches(word, known, n=2)
    hint = f"did you mean {' or '.join(near)}?" if near else "`qtctl status` without a name lists them"
    return InputError(f"no unit that is declared for {_name_hosts(hosts)} is called {word!r}", hint=hint)


def _explain_no_category(hosts: Sequence[Desired], category: str) -> InputError:
    known = sorted({each.category for desired in hosts for each in desired.services if each.category})
    hint = f"there are: {', '.join(known)}" if known else "no service has one"
    return InputError(f"no service of {_name_hosts(hosts)} is in category {category!r}", hint=hint)


def _name_hosts(hosts: Sequence[Desired]) -> str:
    return hosts[0].host if len(hosts) == 1 else f"any of the {len(hosts)} hosts"


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
    return tuple(each for each in desired.services if each.category == category)
