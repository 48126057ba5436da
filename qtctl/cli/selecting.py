"""The options that select hosts, the same for every command that contacts hosts."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import typer

from qtctl.cli.command import NEEDS_HOST, TAKES_ONE
from qtctl.cli.option_groups import Options, replace_parameter
from qtctl.cli.options import (
    AllHostsOption,
    ExcludeOption,
    HostsOption,
    MaxHostsOption,
    TagsOption,
    locate_registry,
)
from qtctl.cli.output import complain
from qtctl.errors import InputError
from qtctl.model.selection import HostSelection

OPTIONS: Options = {
    "host": (HostsOption, None),
    "all_hosts": (AllHostsOption, False),
    "tag": (TagsOption, None),
    "exclude": (ExcludeOption, None),
    "max_hosts": (MaxHostsOption, None),
}
_USAGE_ERROR: Any = typer.BadParameter.__mro__[1]
"""click's base of usage errors, which typer does not show."""


def selects_hosts(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options that select hosts instead of its parameter `wanted`, which is a HostSelection."""

    def run(context: typer.Context, given: dict[str, Any]) -> None:  # noqa: ARG001 - as in `selects_one_host`
        command(wanted=_make_selection(given), **given)

    return replace_parameter(command, "wanted", OPTIONS, run)


def selects_one_host(command: Callable[..., None]) -> Callable[..., None]:
    """As `selects_hosts`, of a command that takes one host: its parameter `host` is the host that is selected.

    If `host` has a default, the command can do without one.
    """
    needed = inspect.signature(command).parameters["host"].default is inspect.Parameter.empty

    def run(context: typer.Context, given: dict[str, Any]) -> None:
        wanted = _make_selection(given)
        if needed and not wanted.given:
            raise _USAGE_ERROR("Missing option '--host'", ctx=context)
        command(host=_select_one(wanted, given) if wanted.given else None, **given)

    wrapped = replace_parameter(command, "host", OPTIONS, run)
    setattr(wrapped, TAKES_ONE, "needed" if needed else "optional")
    return wrapped


class Selected(NamedTuple):
    """The hosts of a command that takes one or several.

    `alone`: one host was named as it is. Otherwise there are several, even if a tag or a glob happens to have one.
    """

    names: tuple[str, ...]
    alone: bool


def selects_hosts_to_change(command: Callable[..., None]) -> Callable[..., None]:
    """As `selects_one_host`, of a command that takes several as well: its parameter `hosts` is a Selected.

    Hosts that were not named as they are, are shown.
    """

    def run(context: typer.Context, given: dict[str, Any]) -> None:
        wanted = _make_selection(given)
        if not wanted.given:
            raise _USAGE_ERROR("Missing option '--host'", ctx=context)
        command(hosts=_select_to_change(wanted, given), **given)

    wrapped = replace_parameter(command, "hosts", OPTIONS, run)
    setattr(wrapped, NEEDS_HOST, True)
    return wrapped


def _make_selection(given: dict[str, Any]) -> HostSelection:
    """Takes the options out of `given`. InputError if they contradict each other."""
    hosts, every, tags, excluded, most = (given.pop(name) for name in OPTIONS)
    names = (*(hosts or ()), *(tags or ()))
    if every and names:
        raise InputError(f"{'--host' if hosts else '--tag'} and --all-hosts are both given", hint="give one of the two")
    if excluded and not every and not names:
        raise InputError("--exclude alone selects no host", hint="say from which: --host, --tag or --all-hosts")
    return HostSelection(names, every, tuple(excluded or ()), most)


def select_several(wanted: HostSelection, registry: Path) -> tuple[str, ...]:
    """The selected hosts. InputErrors if a name means none, and if none are left, or too many."""
    from qtctl.api import fleet
    from qtctl.api.registry import load

    return fleet.select_hosts(load(registry), wanted)


def _select_to_change(wanted: HostSelection, given: Mapping[str, Any]) -> Selected:
    if wanted.single is not None:
        return Selected((wanted.single,), alone=True)
    if given.get("as_name") is not None:
        raise InputError("--as is for a host that --host names", hint="name the one host that stands in for it")
    from qtctl.reports.host_names import fold_names

    hosts = select_several(wanted, locate_registry(given.get("registry")))
    count = f"{len(hosts)} hosts: " if len(hosts) > 1 else ""
    complain(f"selected: {count}{fold_names(hosts)}")
    return Selected(hosts, alone=False)


def _select_one(wanted: HostSelection, given: Mapping[str, Any]) -> str:
    """The one selected host. InputError if there are several, which are named."""
    if wanted.single is not None:
        return wanted.single
    if given.get("as_name") is not None:
        raise InputError("--as is for a host that --host names", hint="name the one host that stands in for it")
    hosts = select_several(wanted, locate_registry(given.get("registry")))
    if len(hosts) > 1:
        from qtctl.fleet.select import name_hosts

        what = f"{len(hosts)} hosts are selected, and this command takes one: {name_hosts(hosts)}"
        raise InputError(what, hint="name one of them with --host")
    complain(f"selected: {hosts[0]}")
    return hosts[0]
