"""What a host is prepared with, from what is declared; and what that changes on it."""

import re
from collections.abc import Iterator
from difflib import unified_diff
from fnmatch import fnmatchcase

from qtctl.dialects.endpoints import is_account
from qtctl.dialects.lines import split_lines
from qtctl.errors import InputError
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.preparation import (
    HostSeen,
    Preparation,
    PrepareAction,
    PreparedAccount,
    PreparedFile,
    PreparePlan,
    PrepareStep,
)
from qtctl.plan.cut_over import list_left_services
from qtctl.plan.secrets import list_secrets
from qtctl.remote.helper_place import CONFIG, HELPER
from qtctl.remote.request import CONTROL, Verb

UNIT_FOLDER = "/etc/systemd/system"
ROOT = "root"
SUDOERS = "/etc/sudoers.d"
_MARK = "# Written by qtctl host prepare"
_HELPER_MARK = "#!/bin/sh\n# Version "
_PATTERN = re.compile(r"[A-Za-z0-9:_.@*?\[\]!\\-]+")
_ODD = re.compile(r"[^A-Za-z0-9_-]")


def make_preparation(desired: Desired, helper: str) -> Preparation:
    """`desired` with its files; `helper`: the text of the program. InputError for names that cannot be in its rules."""
    name = _ODD.sub("_", desired.fleet)
    files = [
        PreparedFile(HELPER, "0755", helper.encode(), _HELPER_MARK, quiet=True, shared=True),
        PreparedFile(f"{CONFIG}/{name}", "0644", _write_rules(desired).encode(), _MARK),
    ]
    user = desired.login.deploy_user
    rule = b"" if user == ROOT else _write_sudoers(desired.fleet, name, user).encode()
    files.append(PreparedFile(f"{SUDOERS}/qtctl-{name}", "0440", rule, _MARK))
    return Preparation(desired.fleet, desired.host, tuple(files), tuple(_list_accounts(desired)))


def _write_sudoers(fleet: str, name: str, user: str) -> str:
    """No argument but a verb, and nothing of the caller's environment, whatever else sudoers lets through."""
    if not is_account(user):
        raise InputError(f"deploy_user {user!r} cannot be written in sudoers", hint="an account of a-z, 0-9, - and _")
    alias = f"QTCTL_{_ODD.sub('_', name).replace('-', '_').upper()}"
    verbs = ", \\\n    ".join(f"{HELPER} {verb}" for verb in (*Verb, *CONTROL, "version"))
    return (
        f"{_MARK} for the fleet {fleet}: do not edit.\n"
        f"# {user} may write units with it, and an account that may write units is as good as root.\n"
        f"Cmnd_Alias {alias} = {verbs}\n"
        f"Defaults!{alias} env_reset, !setenv, !env_keep, !env_check, !requiretty\n"
        f"{user} ALL=(root) NOPASSWD: {alias}\n"
    )


def _write_rules(desired: Desired) -> str:
    """The units and files that the helper allows in a deploy."""
    for pattern in desired.unit_patterns:
        if not _PATTERN.fullmatch(pattern):
            raise InputError(
                f"unit_patterns: {pattern!r} is not a pattern of unit names", hint="letters, digits, * and ?"
            )
    patterns = desired.unit_patterns
    names = {
        _quote_pattern(name) for name in _list_units(desired) if not any(fnmatchcase(name, each) for each in patterns)
    }
    files = sorted(
        {each.path for each in desired.files if not each.path.startswith(f"{UNIT_FOLDER}/")} | {"/etc/hosts"}
    )
    rows = (
        f"{_MARK} for the fleet {desired.fleet}: do not edit.",
        "# The units and files that a deploy through the helper may have.",
        *(f"unit {each}" for each in sorted({*patterns, *names})),
        *((f"folder {desired.env_dir}",) if desired.env_dir else ()),
        *(f"link {each.path}" for each in desired.installs),
        *sorted({f"secret {each.path}" for each in list_secrets(desired)}),
        *sorted({f"env {path.removeprefix('-')}" for each in desired.services for path in each.env_files}),
        *sorted({_write_run(each) for each in desired.services} if desired.installs else ()),
        *sorted(f"container {service}" for service in list_left_services(desired)),
        *(f"file {each}" for each in files),
    )
    return "\n".join(rows) + "\n"


def _write_run(service: DesiredService) -> str:
    """The account as which its entry points are imported."""
    groups = dict(service.settings).get("SupplementaryGroups", "")
    return f"run {service.user or '-'}:{service.group or '-'}:{groups or '-'}"


def _list_units(desired: Desired) -> Iterator[str]:
    """Without externals: a deploy asks about them, but does not touch them."""
    externals = {each.unit for each in desired.externals}
    yield from (each.unit for each in desired.units() if each.unit not in externals)
    yield from (each.unit for each in desired.retired_units)
    for file in desired.files:
        if file.path.startswith(f"{UNIT_FOLDER}/"):
            yield file.path.removeprefix(f"{UNIT_FOLDER}/").partition("/")[0].removesuffix(".d")


def _quote_pattern(name: str) -> str:
    return name.replace("\\", "\\\\")


def _list_accounts(desired: Desired) -> Iterator[PreparedAccount]:
    """The audit and the deploy account, except root."""
    declared = {each.name: each for each in desired.accounts}
    for name in dict.fromkeys((desired.login.audit_user, desired.login.deploy_user)):
        if name == ROOT:
            continue
        own = declared.get(name)
        home = (own and own.home) or f"/home/{name}"
        yield PreparedAccount(name, home, (own and own.shell) or "/bin/sh", own.uid if own else None)


def plan_preparation(wanted: Preparation, seen: HostSeen, *, remove: bool) -> PreparePlan:
    """The steps, or why nothing may be done. Accounts are created, but never changed or removed."""
    refusals = [*seen.trouble, *_find_foreign(wanted, seen)]
    accounts = () if remove else tuple(_plan_account(each, seen) for each in wanted.accounts)
    files = tuple(
        _plan_removal(each, seen) if remove or not each.content else _plan_file(each, seen) for each in wanted.files
    )
    return PreparePlan(wanted.fleet, wanted.host, (*accounts, *files), tuple(refusals))


def _find_foreign(wanted: Preparation, seen: HostSeen) -> Iterator[str]:
    for file in wanted.files:
        there = seen.files[file.path]
        if there.kind not in ("file", "absent"):
            yield f"{file.path} is not a regular file: {there.kind}"
        elif there.kind == "file" and not (there.content or b"").startswith(file.mark.encode()):
            yield f"{file.path} was not written by qtctl: move it away"


def _plan_account(account: PreparedAccount, seen: HostSeen) -> PrepareStep:
    if account.name in seen.accounts:
        return PrepareStep(PrepareAction.NONE, "account", account.name, "it is there", account=account)
    return PrepareStep(
        PrepareAction.CREATE, "account", account.name, f"home {account.home}, shell {account.shell}", account=account
    )


def _plan_file(file: PreparedFile, seen: HostSeen) -> PrepareStep:
    there = seen.files[file.path]
    if there.kind == "absent":
        return PrepareStep(PrepareAction.CREATE, "file", file.path, "it is missing", _make_diff(file, b""), file)
    if there.content != file.content:
        return PrepareStep(
            PrepareAction.CHANGE, "file", file.path, "its content differs", _make_diff(file, there.content), file
        )
    if (there.owner, there.mode) != ("root:root", file.mode):
        why = f"it is {there.owner}, mode {there.mode}; should be root:root, mode {file.mode}"
        return PrepareStep(PrepareAction.CHANGE, "file", file.path, why, file=file)
    return PrepareStep(PrepareAction.NONE, "file", file.path, "as it should be", file=file)


def _plan_removal(file: PreparedFile, seen: HostSeen) -> PrepareStep:
    if seen.files[file.path].kind == "absent":
        return PrepareStep(PrepareAction.NONE, "file", file.path, "it is not there", file=file)
    if file.shared and seen.shared_by:
        why = f"it stays: {', '.join(seen.shared_by)} needs it"
        return PrepareStep(PrepareAction.NONE, "file", file.path, why, file=file)
    return PrepareStep(PrepareAction.REMOVE, "file", file.path, "it is not wanted", file=file)


def _make_diff(file: PreparedFile, before: bytes | None) -> str:
    if file.quiet or before is None:
        return ""
    old, new = (split_lines(text.decode("utf-8", "replace")) for text in (before, file.content))
    return "\n".join(unified_diff(old, new, file.path if before else "/dev/null", file.path, lineterm=""))
