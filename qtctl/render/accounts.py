"""Accounts and folders → the files of systemd-sysusers and systemd-tmpfiles, and the one that cloud-init reads."""

from collections.abc import Iterable, Iterator

from qtctl.dialects.systemd import sysusers, tmpfiles
from qtctl.dialects.systemd.sysusers import Kind
from qtctl.errors import InputError, Place
from qtctl.model.desired import Desired
from qtctl.model.desired_accounts import DesiredAccount, DesiredFolder
from qtctl.model.origin import Origin

SYSUSERS, TMPFILES = "sysusers.j2", "tmpfiles.j2"
USERS_FILE, FOLDERS_FILE, HOSTS_FILE = "users.toml", "folders.toml", "hosts.toml"
CLOUD_INIT = "manage_etc_hosts: false\n"
"""Tells cloud-init to leave the hosts file alone. Without it, some images rewrite the file at every boot."""


def locate_sysusers(desired: Desired) -> str:
    return f"/etc/sysusers.d/{desired.fleet}.conf"


def locate_tmpfiles(desired: Desired) -> str:
    return f"/etc/tmpfiles.d/{desired.fleet}.conf"


def locate_cloud_init(desired: Desired) -> str:
    """99-: cloud-init reads the folder in the order of names, and the last file wins."""
    return f"/etc/cloud/cloud.cfg.d/99-{desired.fleet}-hosts.cfg"


def list_paths(desired: Desired) -> Iterator[tuple[str, str, Origin]]:
    """Path, kind and origin of each file that the host needs."""
    if desired.accounts:
        yield locate_sysusers(desired), "sysusers", Origin(USERS_FILE)
    if desired.folders:
        yield locate_tmpfiles(desired), "tmpfiles", Origin(FOLDERS_FILE)
    if desired.hosts_file is not None and desired.hosts_file.cloud_init:
        yield locate_cloud_init(desired), "cloud-init", desired.hosts_file.origin


def list_account_entries(accounts: Iterable[DesiredAccount]) -> tuple[sysusers.Entry, ...]:
    """Groups, users, memberships, in this order: each line names only what an earlier one creates."""
    accounts = tuple(accounts)
    shared = {account.group for account in accounts if account.group not in (account.name, "root")}
    groups: dict[str, int | None] = {}
    for account in accounts:
        groups[account.group] = groups.get(account.group) or account.gid
    return (
        *(
            sysusers.Entry(Kind.GROUP, name, "" if gid is None else str(gid))
            for name, gid in sorted(groups.items())
            if gid is not None or name in shared
        ),
        *(_make_user_entry(account) for account in accounts),
        *(sysusers.Entry(Kind.MEMBER, account.name, group) for account in accounts for group in account.groups),
    )


def list_folder_entries(folders: Iterable[DesiredFolder]) -> tuple[tmpfiles.Entry, ...]:
    return tuple(tmpfiles.Entry(each.path, each.mode, each.user, each.group, each.age) for each in folders)


def judge_accounts(text: str, path: str, template: str, declared: tuple[sysusers.Entry, ...]) -> None:
    """InputError if `text` does not create the declared accounts, or contradicts itself about one."""
    name = f"{path} from {template}"
    found = sysusers.parse(text, name)
    _judge_entries(name, [(each.name, each.key, each) for each in declared], [(each.key, each) for each in found])


def judge_folders(text: str, path: str, template: str, declared: tuple[tmpfiles.Entry, ...]) -> None:
    """InputError if `text` does not create the declared folders, or contradicts itself about one."""
    name = f"{path} from {template}"
    found = tmpfiles.parse(text, name)
    _judge_entries(name, [(each.path, each.path, each) for each in declared], [(each.path, each) for each in found])


def _judge_entries(
    name: str, declared: Iterable[tuple[str, object, object]], found: Iterable[tuple[object, object]]
) -> None:
    lines: dict[object, list[object]] = {}
    for key, entry in found:
        lines.setdefault(key, []).append(entry)
    for shown, key, entry in declared:
        if lines.get(key) != [entry]:
            hint = "write lines through the filters that the shipped templates use"
            raise InputError(f"{shown} is not as declared", hint=hint, place=Place(name))


def _make_user_entry(account: DesiredAccount) -> sysusers.Entry:
    uid = "" if account.uid is None else str(account.uid)
    if account.group != account.name:
        uid = f"{uid or '-'}:{account.group}"
    return sysusers.Entry(Kind.USER, account.name, uid, account.summary, account.home, account.shell)
