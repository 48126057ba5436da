"""Keys of a declared unit → directives, in the order of the keys."""

from collections.abc import Iterable
from typing import TypedDict, cast

from qtctl.dialects.systemd.directives import AssignmentRule, find_assignment_rule
from qtctl.dialects.systemd.exec_lines import read_commands
from qtctl.dialects.systemd.splitting import Escapes, split
from qtctl.errors import InputError
from qtctl.model.desired import DesiredCommand
from qtctl.model.desired_unit import Pairs
from qtctl.model.fields import Node
from qtctl.model.names import Names
from qtctl.model.relations import ORDER, Install, Order
from qtctl.model.running import Commands
from qtctl.model.service import Service
from qtctl.model.units import RawDirectives, Unit
from qtctl.model.vocabulary import list_assignments, list_directives


def list_pairs(node: Node, default: Node | None = None, *, section: str = "", leave: Iterable[str] = ()) -> Pairs:
    """The directives of `node`'s keys; a key that it leaves open has the value of `default`. Lists are joined.

    `section`: only keys for that section; '': keys for the section of their own table or unit.
    """
    # A service has three hundred keys, and most tables set only a few.
    there = node.model_fields_set | (default.model_fields_set if default is not None else set())
    wanted = there.difference(leave)
    return tuple(
        pair
        for key, directive in list_directives(type(node), section)
        if key in wanted
        for pair in list_assignments(directive, merge_value(node, default, key))
    )


def list_unit_settings(names: Names, node: Unit | Service, *defaults: Order) -> Pairs:
    """The directives of [Unit], except its description and the relations in ORDER."""
    return (
        *list_pairs(node, section="Unit", leave=("summary",)),
        *list_further_order(names, *defaults, node.order),
        *list_pairs(node.conditions),
        *list_pairs(node.asserts),
        *list_pairs(node.manager),
        *list_raw_directives(node.systemd, "Unit"),
    )


def merge_value(node: Node, default: Node | None, key: str) -> object:
    """The value of the key, else of the default; a list is appended to the default's."""
    own = getattr(node, key)
    other = getattr(default, key) if default is not None else None
    if own is None:
        return other
    return tuple(dict.fromkeys((*other, *own))) if isinstance(own, tuple) and other else own


def list_raw_directives(declared: RawDirectives, section: str) -> Pairs:
    """The directives of one section of a unit's escape hatch."""
    said = (
        (key, text) for key, value in declared.get(section, {}).items() for key, text in list_assignments(key, value)
    )
    return tuple((key, word) for key, text in said for word in _split_value(key, text))


def _split_value(directive: str, text: str) -> tuple[str, ...]:
    """A text as systemd reads it: a list of paths becomes one unquoted item per path."""
    if not text or find_assignment_rule(directive) not in (AssignmentRule.PATHS, AssignmentRule.MOUNTS):
        return (text,)
    try:
        return split(text, Escapes.LITERAL)
    except InputError:
        return (text,)


def list_further_sections(declared: RawDirectives, known: Iterable[str]) -> tuple[tuple[str, Pairs], ...]:
    """The sections of the escape hatch that are not in `known`."""
    names = (name for name in declared if name not in frozenset(known))
    return tuple((name, list_raw_directives(declared, name)) for name in names)


class UnitOrder(TypedDict):
    """The relations of a unit, as in `Related`: whole unit names."""

    wants: tuple[str, ...]
    requires: tuple[str, ...]
    binds_to: tuple[str, ...]
    after: tuple[str, ...]
    before: tuple[str, ...]
    conflicts: tuple[str, ...]
    part_of: tuple[str, ...]
    on_failure: tuple[str, ...]


def order_of(names: Names, *orders: Order) -> UnitOrder:
    """Key → whole unit names of all orders together, each once."""
    return cast(UnitOrder, {key: _list_unit_names(names, orders, key) for key in ORDER})


def list_further_order(names: Names, *orders: Order) -> Pairs:
    """The directives of an order that matter to systemd alone."""
    further_keys = ((key, directive) for key, directive in list_directives(Order, "") if key not in ORDER)
    return tuple((directive, unit) for key, directive in further_keys for unit in _list_unit_names(names, orders, key))


def install_of(names: Names, install: Install | None, derived: tuple[str, ...]) -> tuple[tuple[str, ...], Pairs]:
    """The units that want this one, and the rest of [Install]. `derived` is the default."""
    if install is None:
        return derived, ()
    wanted_by = tuple(unit for name in install.wanted_by for unit in names.all_units(name))
    further = list_pairs(install, leave=("wanted_by",))
    rest = tuple((directive, unit) for directive, value in further for unit in names.all_units(value))
    return wanted_by, rest


def list_commands(declared: Commands) -> tuple[DesiredCommand, ...]:
    """All commands besides ExecStart=, those of one directive in order."""
    return tuple(
        _make_command(directive, each)
        for key, directive in list_directives(Commands, "")
        for each in getattr(declared, key)
    )


def _make_command(directive: str, declared: tuple[str, ...] | str) -> DesiredCommand:
    if isinstance(declared, str):
        first = read_commands(declared)[0]
        return DesiredCommand(directive, first.prefixes, first.argv, declared)
    program = declared[0].lstrip("-+!")
    return DesiredCommand(directive, declared[0].removesuffix(program), (program, *declared[1:]))


def _list_unit_names(names: Names, orders: Iterable[Order], key: str) -> tuple[str, ...]:
    named = (name for order in orders for name in getattr(order, key))
    return tuple(dict.fromkeys(unit for name in named for unit in names.all_units(name)))
