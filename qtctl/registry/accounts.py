"""Accounts, folders and host names that contradict each other, or that their tools could not create."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from qtctl.dialects.hosts import is_same_address
from qtctl.dialects.systemd.quoting import simplify_path
from qtctl.dialects.systemd.sysusers import NAME
from qtctl.errors import InputError
from qtctl.model.accounts import Folder, User
from qtctl.model.host_defaults import locate_host_key
from qtctl.model.origin import Origin
from qtctl.model.placement import Placement
from qtctl.model.registry import Registry
from qtctl.rules.problem import Problem

ROOT = "root"


def check_accounts(registry: Registry) -> Iterator[Problem]:
    yield from _check_users(registry)
    yield from _check_folders(registry)
    yield from _check_hosts_files(registry)


def _check_users(registry: Registry) -> Iterator[Problem]:
    live = {name: user for name, user in registry.users.items() if user.state == "present"}
    for name, user in live.items():
        origin = registry.origins["users", name]
        if re.fullmatch(NAME, name) is None:
            yield Problem(
                f"{name!r} is not a valid user name", origin, "a letter or _, then letters, digits, _ and -, at most 31"
            )
        if user.gid is not None and user.group == ROOT:
            yield Problem("the group root has its gid", origin.at("gid"), "leave gid out")
    for name, other in _pair_users(registry, live):
        user, its = live[name], live[other]
        origin = registry.origins["users", other]
        if user.uid is not None and user.uid == its.uid:
            yield Problem(f"uid {its.uid} is {name}'s too", origin.at("uid"), "give one of them another")
        yield from _check_groups(name, user, other, its, origin)


def _pair_users(registry: Registry, live: dict[str, User]) -> Iterator[tuple[str, str]]:
    """Pair each user with the first one on a common host that has the same uid or gid, or the same group with a gid."""
    first: dict[tuple[str, object, str], str] = {}
    placement = Placement(registry)
    for name, user in live.items():
        has: list[tuple[str, object]] = [("uid", user.uid)] if user.uid is not None else []
        if user.gid is not None:
            has += [("gid", user.gid), ("group", user.group or name)]
        hosts = placement.expand(user.hosts)
        found = {first.setdefault((*each, host), name): None for each in has for host in hosts}
        yield from ((other, name) for other in found if other != name)


def _check_groups(name: str, user: User, other: str, its: User, origin: Origin) -> Iterator[Problem]:
    """One group has one gid, and one gid has one group."""
    if user.gid is None or its.gid is None:
        return
    same_group, same_gid = (user.group or name) == (its.group or other), user.gid == its.gid
    if same_group and not same_gid:
        yield Problem(
            f"the group {its.group or other} has gid {user.gid} in {name}", origin.at("gid"), "give both one gid"
        )
    if same_gid and not same_group:
        yield Problem(
            f"gid {its.gid} is that of {user.group or name} too", origin.at("gid"), "give one of them another"
        )


def _check_folders(registry: Registry) -> Iterator[Problem]:
    for path in registry.folders:
        origin = registry.origins["folders", path]
        try:
            simple = simplify_path(path, "path")
        except InputError as error:
            yield Problem(error.what, origin, error.hint or "name the folder by its whole path")
            continue
        if simple != path or path == "/":
            yield Problem(f"{path!r} is not the plain path of a folder", origin, f"write {simple}")
    yield from _check_passages(registry)


def _check_passages(registry: Registry) -> Iterator[Problem]:
    """systemd-tmpfiles refuses a path through one ordinary user's folder into another's, as it could be redirected."""
    live = {path: folder for path, folder in registry.folders.items() if folder.state == "present"}
    placement = Placement(registry)
    for path, folder in live.items():
        above = _find_nearest(live, path)
        if above is None or live[above].user in (ROOT, folder.user):
            continue
        if placement.expand(live[above].hosts).isdisjoint(placement.expand(folder.hosts)):
            continue
        what = f"{path} is {folder.user}'s inside {above}, which is {live[above].user}'s"
        hint = "systemd-tmpfiles refuses to go there: give both one user, or the outer one root"
        yield Problem(what, registry.origins["folders", path].at("user"), hint)


def _find_nearest(live: dict[str, Folder], path: str) -> str | None:
    parents = (str(parent) for parent in PurePosixPath(path).parents)
    return next((parent for parent in parents if parent in live), None)


def _check_hosts_files(registry: Registry) -> Iterator[Problem]:
    for host, node in registry.hosts.items():
        if node.hosts_file is None:
            continue
        origin = locate_host_key(registry, host, "hosts_file", "aliases")
        given: dict[tuple[str, bool], str] = {}
        for address, names in node.hosts_file.aliases.items():
            for name in names:
                known = given.setdefault((name.lower(), ":" in address), address)
                if known != address and not is_same_address(known, address):
                    yield Problem(f"{name} has two addresses, {known} too", origin.at(address), "keep one of them")
                elif known != address:
                    yield Problem(
                        f"{address} is {known} written otherwise", origin.at(address), "put the names together"
                    )
