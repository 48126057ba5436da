"""QT726: nothing that the fleet uses is on a file system that was only mounted by hand."""

from collections.abc import Iterator
from functools import partial

from qtctl.dialects.paths import is_in
from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.meaning.starts import list_judged_services, start_files
from qtctl.meaning.write_paths import SHARED_FOLDERS
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.json import JsonObject
from qtctl.model.mount_facts import LateMounts
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

MOUNTS = Need(LateMounts.FACT, "*")
_TRANSIENT = "/run/systemd/transient/"
_OF_EVERY_BOOT = ("/dev", "/proc", "/run", "/sys")
"""Where programs mount what need not survive a reboot: credentials of a service, file systems of the kernel."""
_NAMED = 5


def _expect_lasting_mounts(desired: Desired) -> tuple[Expectation, ...]:
    judge = partial(_are_lasting, desired=desired)
    return (Expectation("mounts", {"gone after the next boot": []}, (MOUNTS,), judge),)


def _are_lasting(facts: Facts, desired: Desired) -> Judgment:
    found = facts.read(LateMounts, MOUNTS.subject)
    if found is None:
        return NOT_JUDGED
    paths, trees = sorted(set(_list_paths(desired))), sorted(set(_list_trees(desired)))
    mounts = {unit: row for unit, row in sorted(found.mounts.items()) if not _is_of_every_boot(row[0])}
    verdicts = (_judge_mount(unit, row, paths, trees) for unit, row in mounts.items())
    return tuple(filter(None, verdicts)) or Verdict(True, {"gone after the next boot": []})


def _judge_mount(unit: str, row: list[str], paths: list[str], trees: list[str]) -> Verdict | None:
    """None if the fleet uses nothing on the mount."""
    where, fragment, source = row
    used = [path for path in (*paths, *trees) if is_in(path, where)] + [path for path in trees if is_in(where, path)]
    if not used:
        return None
    proof = ProofSource(MOUNTS, f"systemctl show -p Where --value -- {quote(unit)}", where)
    remedy = make_steps(
        ("systemctl", "show", "-p", "What,Type,FragmentPath,ActiveEnterTimestamp", "--", unit),
        "if it belongs there, declare it (a mount of the registry) or give it a line in /etc/fstab; if not, as root:",
        ("umount", "--", where),
    )
    observed: JsonObject = {"mounted": _explain_origin(fragment, source), "used": [*sorted(set(used))[:_NAMED]]}
    return Verdict(False, observed, (proof,), subject=where, remedy=remedy)


def _explain_origin(fragment: str, source: str) -> str:
    if fragment.startswith(_TRANSIENT):
        return "by systemd-mount"
    return "by a line that fstab does not have any more" if source == "/etc/fstab" else "by hand"


def _is_of_every_boot(where: str) -> bool:
    return any(is_in(where, each) for each in _OF_EVERY_BOOT)


def _list_paths(desired: Desired) -> Iterator[str]:
    """Files that systemd or a service reads."""
    yield from (file.path for file in desired.files)
    for service in list_judged_services(desired):
        yield from (file.path for file in start_files(service))
        yield from (path for path in (*service.env_files, service.secrets_file) if path.startswith("/"))


def _list_trees(desired: Desired) -> Iterator[str]:
    """The fleet's own folders, in which mounts at any depth count: code, virtual environments, declared folders."""
    code = (*(each.path for each in desired.code), *(each.code for each in list_judged_services(desired)))
    for path in (*code, *(each.path for each in desired.venvs), *(each.path for each in desired.folders)):
        if path.startswith("/") and path not in SHARED_FOLDERS:
            yield path


QT726 = Rule(
    "QT726",
    "mounted by hand, and used by the fleet",
    Severity.ERROR,
    several="file systems are mounted by hand, and used by the fleet",
    what="Something was mounted after the boot on a path that the fleet uses (a program, code, a virtual environment, "
    "a unit or env file, a declared folder), on a folder above it, or inside its code, environments and folders. "
    "Neither a unit file nor a line of /etc/fstab mounts it: it was mounted with `mount` or `systemd-mount`, or by a "
    "line of fstab that is gone. What an automounter mounts on demand, and what a script mounts during the boot, is "
    "not judged.",
    why="The next boot does not mount it. Services then start with what lies beneath it: an older copy of the code, "
    "an empty folder, a full root file system. And what is mounted over code or a program is what the service runs "
    "after its next restart, although every file below it is as declared.",
    fix="`findmnt WHERE` shows what it is. Declare it as a mount unit in the registry, or give it a line in "
    "/etc/fstab; `umount` what does not belong there, and restart the services that have read from it.",
    expect=_expect_lasting_mounts,
)
RULES = (QT726,)
