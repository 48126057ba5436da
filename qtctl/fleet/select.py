"""Select hosts of a fleet by name, or by glob over the hosts of the registry."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from qtctl.dialects.endpoints import LOCAL, is_host_glob
from qtctl.engines.connect import LAB_NAME
from qtctl.errors import InputError, InputErrors


def select(names: Sequence[str], declared: Collection[str]) -> tuple[str, ...]:
    """The hosts that match `names`, without duplicates, in the order given; the matches of a glob are sorted.

    `declared`: the hosts of the registry. If it has only one, a lab host or `local` can stand in for it. InputErrors
    lists every name that matches no host.
    """
    hosts: list[str] = []
    errors: list[InputError] = []
    for name in dict.fromkeys(names):
        try:
            hosts += _match_hosts(name, declared)
        except InputError as error:
            errors.append(error)
    if errors:
        raise errors[0] if len(errors) == 1 else InputErrors(tuple(errors))
    return tuple(dict.fromkeys(hosts))


def _match_hosts(name: str, declared: Collection[str]) -> Iterable[str]:
    if is_host_glob(name):
        found = sorted(host for host in declared if fnmatchcase(host, name))
        if not found:
            raise InputError(f"no host of the registry matches {name}", hint=_list_declared(declared))
        return found
    if name in declared:
        return (name,)
    if name != LOCAL and LAB_NAME.fullmatch(name) is None:
        raise InputError(f"{name} is not a host of the registry", hint="; ".join(_suggest_hosts(name, declared)))
    if len(declared) != 1:
        hint = "audit it by itself, and say with --as which host it stands in for"
        raise InputError(f"{name} is not a host of the registry", hint=hint)
    return (name,)


def _suggest_hosts(name: str, declared: Collection[str]) -> Iterator[str]:
    near = get_close_matches(name, declared, n=1)
    yield f"did you mean {near[0]}?" if near else _list_declared(declared)
    yield "a host that only ssh_config knows is audited by itself"


def _list_declared(declared: Collection[str]) -> str:
    return f"hosts.toml has {', '.join(sorted(declared)) or 'none'}"
