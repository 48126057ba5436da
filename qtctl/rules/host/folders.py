"""QT713, QT714, QT725: folders are there, with their owner and mode: declared ones, and those of temporary files."""

from functools import partial

from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.meaning.open_paths import explain_numbers
from qtctl.model.desired import Desired
from qtctl.model.desired_accounts import DesiredFolder
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, File
from qtctl.model.json import JsonObject
from qtctl.rules import proofs
from qtctl.rules.declared import Root, deploy
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, Rule, Verdict

_TEMPORARY, _SHARED = ("/dev/shm", "/tmp", "/var/tmp"), "1777"  # noqa: S108 - they are looked at


def _expect_presence(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            each.path,
            {"kind": "dir"},
            (_make_need(each),),
            partial(_is_there, folder=each),
            each.origin,
            _list_causes(each),
        )
        for each in desired.folders
    )


def _make_need(folder: DesiredFolder) -> Need:
    return Need(File.FACT, folder.path)


def _list_causes(folder: DesiredFolder) -> tuple[Root, ...]:
    """systemd-tmpfiles creates no folder for a user that does not exist."""
    return (("QT711", folder.user),)


def _is_there(facts: Facts, folder: DesiredFolder) -> Verdict:
    found = facts.read(File, folder.path)
    if found is None:
        source = proofs.prove_presence(_make_need(folder), folder.path, present=False)
        return Verdict(False, {"kind": None}, (source,), remedy=deploy(facts))
    source = proofs.prove_kind(_make_need(folder), folder.path, found)
    remedy = f"see what {folder.path} is, and move it away or declare where it leads; then {deploy(facts)}"
    return Verdict(found.kind == "dir", {"kind": found.kind}, (source,), remedy=remedy, refuses_deploys=True)


def _expect_declared_state(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            each.path, _show_wanted(each), (_make_need(each),), partial(_is_as_declared, folder=each), each.origin
        )
        for each in desired.folders
    )


def _show_wanted(folder: DesiredFolder) -> JsonObject:
    return {"mode": folder.mode, "owner": folder.user, "group": folder.group}


def _is_as_declared(facts: Facts, folder: DesiredFolder) -> Judgment:
    found = facts.read(File, folder.path)
    if found is None or found.kind != "dir":
        return NOT_JUDGED
    observed: JsonObject = {"mode": found.mode, "owner": found.owner, "group": found.group}
    source = proofs.prove_permissions(_make_need(folder), folder.path, found)
    holds = observed == _show_wanted(folder)
    unknown = "" if holds else explain_numbers(facts, found)
    return Verdict(holds, observed, (source,), unknown=unknown, remedy=deploy(facts))


def _expect_shared(desired: Desired) -> tuple[Expectation, ...]:
    declared = {folder.path for folder in desired.folders}
    return tuple(
        Expectation(path, {"mode": _SHARED, "owner": "root"}, (Need(File.FACT, path),), partial(_is_shared, path=path))
        for path in _TEMPORARY
        if path not in declared
    )


def _is_shared(facts: Facts, path: str) -> Judgment:
    found = facts.read(File, path)
    if found is None:
        source = proofs.prove_presence(Need(File.FACT, path), path, present=False)
        return Verdict(False, {"kind": None}, (source,), remedy=make_steps(("mkdir", "-m", _SHARED, "--", path)))
    if found.kind != "dir":
        return NOT_JUDGED
    source = proofs.prove_permissions(Need(File.FACT, path), path, found)
    remedy = make_steps(("chown", "root:root", "--", path), ("chmod", _SHARED, "--", path))
    observed: JsonObject = {"mode": found.mode, "owner": found.owner}
    return Verdict((found.mode, found.owner) == (_SHARED, "root"), observed, (source,), remedy=remedy)


QT713 = Rule(
    "QT713",
    "declared folder is absent",
    Severity.ERROR,
    several="declared folders are absent",
    what="folders.toml declares a folder for this host, and its path does not exist, or is a file or a link. A parent "
    "that the auditing account may not enter makes the check unknown.",
    why="systemd fails a service with 226/NAMESPACE where a path of ReadWritePaths= does not exist, and a program "
    "that cannot find the folder for its models or logs dies with its own error. Some write somewhere else instead, "
    "where nobody looks.",
    fix="Run `qtctl deploy`: it runs systemd-tmpfiles, which makes the folder. It replaces no file and no link: move "
    "those away first, or declare the folder that the link leads to.",
    expect=_expect_presence,
    gate=True,
)
QT714 = Rule(
    "QT714",
    "folder with another owner or mode than declared",
    Severity.WARNING,
    several="folders have another owner or mode than declared",
    what="A declared folder exists, but has a different owner, group or mode than folders.toml says. Its contents are "
    "not checked.",
    why="A service that may not write to its folder fails at its first write, hours after its start. A folder that "
    "everybody may write to lets any account of the host replace a model that trades.",
    fix="`qtctl deploy` sets owner and mode of the folder itself. If what is on the host is right, declare it.",
    expect=_expect_declared_state,
    gate=True,
)
QT725 = Rule(
    "QT725",
    "folder of temporary files is not open to all, or not sticky",
    Severity.ERROR,
    several="folders of temporary files are not open to all, or not sticky",
    what="/tmp, /var/tmp or /dev/shm is not a folder that root owns, with mode 1777. A unit with "  # noqa: S108 - named
    "PrivateTmp= has its own /tmp and /var/tmp. A link is not followed.",
    why="Without write permission for all, every program that makes a temporary file fails, each in its own words, "
    "and often only at its next start. Without the sticky bit any account can remove and replace the files of others.",
    fix="`ls -ld /tmp /var/tmp /dev/shm` shows them. `chown root:root` and `chmod 1777` bring back what every "
    "program expects; then see who changed that.",
    expect=_expect_shared,
)
RULES = (QT713, QT714, QT725)
