"""Checks that a rendered text says what was declared: it is parsed again and read as systemd will read it.

This also judges a user's own templates. They may add directives and dependencies, but not drop or change a declared
value.
"""

from collections.abc import Iterable

from qtctl.dialects.systemd.directives import AssignmentRule, find_assignment_rule
from qtctl.dialects.systemd.quoting import parse_env_file
from qtctl.dialects.systemd.unitfile import UnitFile, merge_effective, parse
from qtctl.errors import BrokenTemplate, InputError, Place
from qtctl.model.desired import DesiredService
from qtctl.render.declared import Declared, read_as_is


def judge_unit(
    text: str, unit: str, template: str, mark: str, declared: Iterable[Declared], *, specifiers: bool = False
) -> None:
    """InputError about the template if `text` is not a unit file that says what was declared.

    `specifiers`: a `%` in the declared values is systemd's, and stands in the text as it is.
    """
    judge_mark(text, template, mark)
    unitfile = parse(text, f"{unit} from {template}")
    if unitfile.ignored:
        line = unitfile.ignored[0]
        raise InputError(f"a line that {line.problem}", place=Place(unitfile.name, line.line))
    found = merge_effective(unitfile)
    for directive in declared:
        values = found.get((directive.section, directive.key), ())
        if specifiers and directive.read is not read_as_is:
            values = tuple(value.replace("%", "%%") for value in values)
        _judge_directive(unitfile, directive, values)


def judge_env(text: str, service: DesiredService, template: str, mark: str) -> None:
    """InputError if a process would get a different environment from the file. The error shows names, never values."""
    name = f"{service.env_file} from {template}"
    judge_mark(text, template, mark)
    found, declared = parse_env_file(text, name), dict(service.env)
    wrong = sorted(key for key in {*found, *declared} if found.get(key) != declared.get(key))
    if wrong:
        raise InputError(f"not the declared environment: {', '.join(wrong)}", hint=_FILTERS, place=Place(name))


_FILTERS = "write values through the filters that the shipped templates use"


def judge_mark(text: str, template: str, mark: str) -> None:
    """BrokenTemplate if the first line is not the mark that tells which registry file it comes from."""
    if text.partition("\n")[0] != mark:
        raise BrokenTemplate("the first line is not the mark", hint="{{ mark }}", place=Place(template, 1))


def _judge_directive(unitfile: UnitFile, directive: Declared, found: tuple[str, ...]) -> None:
    try:
        values = tuple(directive.read(text) for text in found)
    except InputError as error:
        place = unitfile.place(directive.section, directive.key)
        raise InputError(f"{directive.key}=: {error.what}", hint=error.hint or _FILTERS, place=place) from error
    if not _do_values_match(directive, values):
        place = unitfile.place(directive.section, directive.key)
        raise InputError(f"[{directive.section}] {directive.key}= is not as declared", hint=_FILTERS, place=place)


def _do_values_match(directive: Declared, values: tuple[object, ...]) -> bool:
    if find_assignment_rule(directive.key) is AssignmentRule.UNITS:
        return set(directive.values) <= set(values)
    return directive.values == values
