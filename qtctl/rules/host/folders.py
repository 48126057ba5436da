"""QT713, QT714: declared folders are there, with their owner and mode."""

from functools import partial

from qtctl.findings.finding import Severity
from qtctl.model.desired import Desired
from qtctl.model.desired_accounts import DesiredFolder
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, File
from qtctl.model.json import JsonObject
from qtctl.rules import proofs
from qtctl.rules.declared import Root, deploy
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, Rule, Verdict


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
    """systemd-tmpfiles makes no folder for a user that does not exist."""
    return (("QT711", folder.user),)


def _is_there(facts: Facts, folder: DesiredFolder) -> Verdict:
    found = facts.read(File, folder.path)
    if found is None:
        source = proofs.prove_presence(_make_need(folder), folder.path, present=False)
        return Verdict(False, {"kind": None}, (source,), remedy=deploy(facts))
    source = proofs.prove_kind(_make_need(folder), folder.path, found)
    remedy = f"see what {folder.path} is, and move it away or declare where it leads; then {deploy(facts)}"
    return Verdict(found.kind == "dir", {"kind": found.kind}, (source,), remedy=remedy)


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
    return Verdict(observed == _show_wanted(folder), observed, (source,), remedy=deploy(facts))


QT713 = Rule(
    "QT713",
    "declared folder is absent",
    Severity.ERROR,
    several="declared folders are absent",
    what="folders.toml declares a folder for this host, and its path is not there, or is a file or a link. A parent "
    "that the auditing account may not enter makes it unknown.",
    why="systemd fails a service with 226/NAMESPACE where a path of ReadWritePaths= does not exist, and a program "
    "that finds no folder for its models or logs dies with its own error. Some write somewhere else instead, where "
    "nobody looks.",
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
    what="A declared folder is there, with another owner, group or mode than folders.toml says. What lies in it is "
    "not looked at.",
    why="A service that may not write to its folder fails at its first write, hours after its start. A folder that "
    "everybody may write to lets any account of the host replace a model that trades.",
    fix="`qtctl deploy` sets owner and mode of the folder itself. If what is on the host is right, declare it.",
    expect=_expect_declared_state,
    gate=True,
)
RULES = (QT713, QT714)
