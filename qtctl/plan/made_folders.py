"""The state of a host once systemd-tmpfiles has created the declared folders, as far as paths lead through them."""

from collections.abc import Mapping
from dataclasses import replace

from qtctl.model.account_facts import Account, Group
from qtctl.model.desired import Desired
from qtctl.model.desired_accounts import DesiredFolder
from qtctl.model.fact import make_fact, make_value
from qtctl.model.facts import Facts
from qtctl.model.way_facts import PathWay

_UNKNOWN = "4294967294"
"""A placeholder for the id of an account that the deploy creates first: no existing account has it."""


def add_made_folders(desired: Desired, facts: Facts) -> Facts:
    """The facts, with declared folders on every path as they are declared."""
    folders = {folder.path: folder for folder in desired.folders}
    if not folders:
        return facts
    made = []
    for item in facts.items():
        if item.fact == PathWay.FACT and item.value is not None:
            way = _change_way(item.subject, make_fact(PathWay, item.value), folders, facts)
            made.append(replace(item, value=make_value(way)))
    return facts.merge(Facts(made))


def _change_way(subject: str, way: PathWay, folders: Mapping[str, DesiredFolder], facts: Facts) -> PathWay:
    parts = {path: list(part) for path, part in way.parts.items()}
    missing = way.missing
    while missing in folders:
        parts[missing] = ["folder", "0", "0", "0755", ""]
        rest = subject.removeprefix(f"{missing}/") if subject != missing else ""
        missing = f"{missing}/{rest.partition('/')[0]}" if rest else ""
    for path, part in parts.items():
        if path in folders and part[0] == "folder":
            folder = folders[path]
            part[1:4] = [_find_uid(folder.user, facts), _find_gid(folder.group, facts), folder.mode.zfill(4)]
    return replace(way, parts=parts, missing=missing)


def _find_uid(user: str, facts: Facts) -> str:
    if user == "root":
        return "0"
    found = facts.find(Account, user)
    return str(found.uid) if found else _UNKNOWN


def _find_gid(group: str, facts: Facts) -> str:
    if group == "root":
        return "0"
    found = facts.find(Group, group)
    return str(found.gid) if found else _UNKNOWN
