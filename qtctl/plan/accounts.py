"""Which accounts and folders are missing, and what prevents a deploy from creating them.

systemd-sysusers adds accounts and memberships, and changes none that exist; systemd-tmpfiles sets owner and mode of
folders, and replaces nothing that is not a folder. So any other difference is an obstacle: no run would change it.
"""

from collections.abc import Iterator, Mapping

from qtctl.dialects.wording import join_some
from qtctl.model.account_facts import Account, Group
from qtctl.model.desired import Desired
from qtctl.model.desired_accounts import DesiredAccount, DesiredFolder
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, File
from qtctl.model.plan import Refusal, Step, StepKind
from qtctl.plan.files import FileChange

ROOT = "root"
TOOLS = {"sysusers": StepKind.SYSUSERS, "tmpfiles": StepKind.TMPFILES}
"""Kind of a generated file → the step that acts on it."""


def list_needs(desired: Desired) -> tuple[Need, ...]:
    """The users and groups that are declared or own a folder, and whoever has a declared number. Sorted."""
    users = {name for name, _ in _list_owners(desired)} | {account.name for account in desired.accounts}
    users |= {str(account.uid) for account in desired.accounts if account.uid is not None}
    groups = {name for _, name in _list_owners(desired)} | {
        name for each in desired.accounts for name in _list_groups(each)
    }
    groups |= {str(account.gid) for account in desired.accounts if account.gid is not None}
    return (
        *(Need(Account.FACT, user) for user in sorted(users)),
        *(Need(Group.FACT, group) for group in sorted(groups)),
    )


def plan_steps(desired: Desired, facts: Facts, changes: Mapping[str, FileChange]) -> tuple[Step, ...]:
    """Accounts before the folders that they own. Call only where `find_obstacles` found nothing."""
    missing = {
        "sysusers": tuple(_find_missing_accounts(desired, facts)),
        "tmpfiles": tuple(_find_wrong_folders(desired, facts)),
    }
    found = []
    for kind, step in TOOLS.items():
        for file in desired.files:
            reason = _give_reason(missing[kind], changed=file.path in changes) if file.kind == kind else ""
            if reason:
                found.append(Step(step, file.path, reason))
    return tuple(found)


def find_obstacles(desired: Desired, facts: Facts) -> tuple[Refusal, ...]:
    return (
        *(refusal for account in desired.accounts for refusal in _find_account_obstacles(account, facts)),
        *(refusal for folder in desired.folders for refusal in _find_folder_obstacles(folder, facts)),
        *_find_unknown_owners(desired, facts),
    )


def _list_groups(account: DesiredAccount) -> tuple[str, ...]:
    return (account.group, *account.groups)


def _list_owners(desired: Desired) -> tuple[tuple[str, str], ...]:
    return tuple((folder.user, folder.group) for folder in desired.folders)


def _give_reason(missing: tuple[str, ...], *, changed: bool) -> str:
    said = ["the file changes"] if changed else []
    if missing:
        said.append(join_some(missing, 1))
    return "; ".join(said)


def _find_missing_accounts(desired: Desired, facts: Facts) -> Iterator[str]:
    for account in desired.accounts:
        found = facts.read(Account, account.name)
        if found is None:
            yield f"no account {account.name}"
            continue
        for name in account.groups:
            group = facts.read(Group, name)
            if group is None or (account.name not in group.members and group.gid != found.gid):
                yield f"{account.name} is not in {name}"


def _find_account_obstacles(account: DesiredAccount, facts: Facts) -> Iterator[Refusal]:
    yield from _find_taken_numbers(account, facts)
    found = facts.read(Account, account.name)
    if found is None:
        return
    group = facts.read(Group, account.group)
    pairs = (
        ("uid", account.uid, found.uid),
        ("home", account.home, found.home),
        ("shell", account.shell, found.shell),
        ("first group", account.group, account.group if group and group.gid == found.gid else f"gid {found.gid}"),
    )
    differs = [f"{key} is {is_}, declared {wanted}" for key, wanted, is_ in pairs if wanted not in (None, "", is_)]
    if differs:
        hint = "usermod on the host changes it; or declare in users.toml what it is"
        yield Refusal(account.name, f"the account is on the host, and its {'; its '.join(differs)}", hint)


def _find_taken_numbers(account: DesiredAccount, facts: Facts) -> Iterator[Refusal]:
    """systemd-sysusers silently picks another number if the declared one is taken."""
    hint = "declare another number in users.toml, or none"
    user = None if account.uid is None else facts.read(Account, str(account.uid))
    if user is not None and user.name != account.name:
        yield Refusal(account.name, f"uid {account.uid} is {user.name}'s on the host", hint)
    if account.gid is None:
        return
    group, own = facts.read(Group, str(account.gid)), facts.read(Group, account.group)
    if group is not None and group.name != account.group:
        yield Refusal(account.name, f"gid {account.gid} is that of {group.name} on the host", hint)
    elif own is not None and own.gid != account.gid:
        yield Refusal(account.name, f"the group {account.group} has gid {own.gid}, declared {account.gid}", hint)


def _find_wrong_folders(desired: Desired, facts: Facts) -> Iterator[str]:
    for folder in desired.folders:
        there = facts.read(File, folder.path)
        if there is None:
            yield f"no folder {folder.path}"
        elif int(there.mode, 8) != int(folder.mode, 8):
            yield f"{folder.path} has mode {there.mode}, declared {folder.mode}"
        elif (there.owner, there.group) != (folder.user, folder.group):
            yield f"{folder.path} is {there.owner}:{there.group}'s, declared {folder.user}:{folder.group}"


def _find_folder_obstacles(folder: DesiredFolder, facts: Facts) -> Iterator[Refusal]:
    there = facts.read(File, folder.path)
    if there is None or there.kind == "dir":
        return
    if there.kind == "link":
        yield Refusal(folder.path, f"a link to {there.target}", "declare the folder that it leads to, or remove it")
        return
    yield Refusal(folder.path, "not a folder", "see what it is, and move it away")


def _find_unknown_owners(desired: Desired, facts: Facts) -> Iterator[Refusal]:
    """Owners of folders that are neither declared nor on the host."""
    users = {account.name for account in desired.accounts} | {ROOT}
    groups = {name for account in desired.accounts for name in _list_groups(account)} | {ROOT}
    for folder in desired.folders:
        if folder.user not in users and facts.read(Account, folder.user) is None:
            yield Refusal(folder.path, f"should be {folder.user}'s, and there is no such user", _DECLARE)
        if folder.group not in groups and facts.read(Group, folder.group) is None:
            yield Refusal(folder.path, f"should be the group {folder.group}'s, and there is no such group", _DECLARE)


_DECLARE = "declare it in users.toml, or make it on the host"
