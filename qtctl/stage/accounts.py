"""The accounts of a lab host: those that services run as, one that audits, one that deploys."""

from dataclasses import replace
from pathlib import PurePosixPath

from qtctl.dialects.systemd.specifiers import expand
from qtctl.errors import InputError
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.desired_accounts import DesiredAccount
from qtctl.model.tree import Account

ROOT = "root"


def stage_accounts(desired: Desired, audit_user: str, deploy_user: str) -> tuple[Account, ...]:
    """Sorted by name. root exists already; groups that are no user's first group become accounts of their own."""
    services = _apply_declarations(desired, _list_service_accounts(desired))
    if audit_user in (*services, deploy_user, ROOT):
        raise InputError(
            f"audit_user {audit_user} of {desired.host} is root, deploys, or runs services",
            hint="an audit has its own account, which may only log in",
        )
    found = {**services, audit_user: Account(audit_user, audit_user, f"/home/{audit_user}", login=True)}
    if deploy_user != ROOT:
        own = found.get(deploy_user) or Account(deploy_user, deploy_user, f"/home/{deploy_user}")
        found[deploy_user] = replace(own, login=True, sudo=True)
    return tuple(found[name] for name in sorted(found))


def find_owner(service: DesiredService) -> tuple[str, str]:
    """User and group that a service runs as: root if it names none, the user's own group if it names no group."""
    user, group = (_expand_name(service, name) for name in (service.user, service.group))
    return user or ROOT, group or user or ROOT


def _expand_name(service: DesiredService, name: str) -> str:
    return expand(name, service.unit) if service.specifiers else name


def _list_service_accounts(desired: Desired) -> dict[str, Account]:
    found: dict[str, Account] = {}
    for service in desired.services:
        user, group = find_owner(service)
        further = (text for key, text in service.settings if key == "SupplementaryGroups")
        for name in (user, group, *further):
            if name not in (ROOT, "0"):
                found.setdefault(
                    name, _make_account(name, group if name == user else name, _choose_home(desired, name))
                )
    for name in _list_socket_accounts(desired):
        found.setdefault(name, _make_account(name, name, _choose_home(desired, name)))
    return found


def _list_socket_accounts(desired: Desired) -> list[str]:
    """Owners of the files that sockets make: systemd hands these over to them."""
    named = [
        text for unit in desired.other_units for key, text in unit.settings if key in ("SocketUser", "SocketGroup")
    ]
    return [name for name in named if name not in (ROOT, "0") and "%" not in name]


def _make_account(name: str, group: str, home: str) -> Account:
    """systemd needs an account even for a user given as a number."""
    uid, gid = (int(text) if text.isdecimal() else None for text in (name, group))
    return Account(_name_account(name), _name_account(group), home, uid=uid, gid=gid)


def _name_account(name: str) -> str:
    return f"uid-{name}" if name.isdecimal() else name


def _apply_declarations(desired: Desired, used: dict[str, Account]) -> dict[str, Account]:
    """The accounts that services use, as the registry declares them. A deploy creates the other declared ones."""
    known = {account.name: account for account in desired.accounts}
    return {own.name: _apply_declaration(known[name], own) if name in known else own for name, own in used.items()}


def _apply_declaration(declared: DesiredAccount, used: Account) -> Account:
    home, shell = declared.home or used.home, declared.shell
    return replace(used, group=declared.group, home=home, shell=shell, uid=declared.uid, gid=declared.gid)


def _choose_home(desired: Desired, user: str) -> str:
    """/home/USER if a service has files there, otherwise the home of a system account."""
    home = PurePosixPath("/home", user)
    used = (path for s in desired.services for path in (s.working_directory, s.entry_point, s.venv))
    lives = any(home in (PurePosixPath(path), *PurePosixPath(path).parents) for path in used if path)
    return str(home) if lives else f"/var/lib/{user}"
