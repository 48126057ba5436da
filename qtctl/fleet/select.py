"""Select hosts of a fleet by name, or by glob or tag over the hosts of the registry."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from qtctl.dialects.endpoints import LOCAL, TAG_SIGN, is_host_glob, sort_hosts
from qtctl.dialects.wording import join_some
from qtctl.engines.connect import LAB_NAME
from qtctl.errors import InputError, InputErrors
from qtctl.model.placement import Placement, list_tags
from qtctl.model.registry import Registry
from qtctl.model.selection import HostSelection

_SHOWN = 20
"""Hosts that an error names."""


def select_hosts(registry: Registry, wanted: HostSelection) -> tuple[str, ...]:
    """The selected hosts, each once, without the excluded ones. InputErrors for each name that matches no host,
    if no host is left, or if there are more than `wanted.most`.
    """
    placement = Placement(registry)
    tags = {tag: placement.expand((f"{TAG_SIGN}{tag}",)) for tag in list_tags(registry)}
    chosen = select(("*",) if wanted.every else wanted.names, registry.hosts, tags)
    if wanted.exclude:
        out = {*select(wanted.exclude, {*registry.hosts, *chosen}, tags)}
        chosen = tuple(host for host in chosen if host not in out)
    if not chosen:
        what = "no host is selected" + (": all of them are excluded" if wanted.exclude else "")
        raise InputError(what, hint="name hosts with --host, --tag or --all-hosts")
    if wanted.most is not None and len(chosen) > wanted.most:
        what = f"{len(chosen)} hosts are selected, and --max-hosts allows {wanted.most}"
        raise InputError(f"{what}: {name_hosts(chosen)}", hint="select fewer, or allow more")
    return chosen


def name_hosts(hosts: Sequence[str]) -> str:
    """Hosts or tags in one line. If there are many, the first ones and how many more."""
    return join_some(hosts, _SHOWN)


def select(
    names: Sequence[str], declared: Collection[str], tags: Mapping[str, Collection[str]] | None = None
) -> tuple[str, ...]:
    """The hosts that match `names`, without duplicates, in the order given; those of a glob or tag by `sort_hosts`.

    `declared`: the hosts of the registry. If it has only one, a lab host or `local` can stand in for it. `tags`: tag →
    the hosts that carry it. InputErrors lists every name that matches no host.
    """
    hosts: list[str] = []
    errors: list[InputError] = []
    for name in dict.fromkeys(names):
        try:
            hosts += _match_hosts(name, declared, tags or {})
        except InputError as error:
            errors.append(error)
    if errors:
        raise errors[0] if len(errors) == 1 else InputErrors(tuple(errors))
    return tuple(dict.fromkeys(hosts))


def _match_hosts(name: str, declared: Collection[str], tags: Mapping[str, Collection[str]]) -> Iterable[str]:
    if name.startswith(TAG_SIGN):
        return _list_tagged(name.removeprefix(TAG_SIGN), tags)
    if is_host_glob(name):
        found = sort_hosts(host for host in declared if fnmatchcase(host, name))
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


def _list_tagged(tag: str, tags: Mapping[str, Collection[str]]) -> Iterable[str]:
    found = sort_hosts(tags.get(tag, ()))
    if not found:
        near = get_close_matches(tag, tags, n=1)
        known = f"the tags are {name_hosts(sorted(tags))}" if tags else "no host has a tag"
        hint = f"did you mean {near[0]}?" if near and near[0] != tag else known
        raise InputError(f"no host of the registry carries the tag {tag}", hint=hint)
    return found


def _suggest_hosts(name: str, declared: Collection[str]) -> Iterator[str]:
    yield suggest_host(name, declared)
    yield "a host that only ssh_config knows is audited by itself"


def suggest_host(name: str, declared: Collection[str]) -> str:
    """The host that was probably meant, or those that there are."""
    near = get_close_matches(name, declared, n=1)
    return f"did you mean {near[0]}?" if near else _list_declared(declared)


def _list_declared(declared: Collection[str]) -> str:
    return f"hosts.toml has {name_hosts(sort_hosts(declared)) or 'none'}"
