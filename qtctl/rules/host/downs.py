"""QT238: nothing that nobody declared reboots the host or switches it off."""

from fnmatch import fnmatchcase
from functools import partial
from posixpath import basename, dirname

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, UnitListing
from qtctl.model.setting_facts import UnitCallers
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

HOST, CRONTABS = Need(UnitCallers.FACT, "host"), Need(UnitCallers.FACT, "crontabs")
LISTING = Need(UnitListing.FACT, "*")
_UNIT_FOLDERS = ("/etc/systemd/", "/run/systemd/", "/usr/local/lib/systemd/")
_LOADED = "loaded"
_FOR_ALL = "service.d"
"""The folder of drop-ins for every service."""


def _expect_no_end(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(subject, {"ends the host": []}, (need, LISTING), partial(_stays_up, need=need, desired=desired))
        for subject, need in (("host", HOST), ("host, by crontabs of users", CRONTABS))
    )


def _stays_up(facts: Facts, need: Need, desired: Desired) -> Judgment:
    found, listing = facts.read(UnitCallers, need.subject), facts.read(UnitListing, "*")
    if found is None or listing is None:
        return NOT_JUDGED
    if found.downs is None:
        return Verdict(False, None, unknown="an earlier qtctl did not look for that")
    declared = {file.path for file in desired.files}
    by_path: dict[str, list[tuple[str, str]]] = {}
    for word, how, path in found.downs:
        if path not in declared and _may_run(path, listing):
            by_path.setdefault(path, []).append((word, how))
    if by_path:
        return tuple(_make_verdict(need, path, dict(rows)) for path, rows in sorted(by_path.items()))
    if found.unread:
        return Verdict(False, None, unknown=f"{found.unread[0]} cannot be read by the auditing account")
    return Verdict(True, {"ends the host": []})


def _may_run(path: str, listing: UnitListing) -> bool:
    """Whether systemd has the unit of a file loaded, or one from a template. Crontabs and scripts run by themselves."""
    if not path.startswith(_UNIT_FOLDERS):
        return True
    folder = basename(dirname(path))
    name = folder.removesuffix(".d") if folder.endswith(".d") else basename(path)
    if folder == _FOR_ALL:
        return True
    start, at, rest = name.partition("@.")
    shape = f"{start}@*.{rest}" if at else name
    shape = f"{name.partition('-.')[0]}-*.{name.rpartition('.')[2]}" if "-." in name else shape
    return any(states[:1] == [_LOADED] and fnmatchcase(unit, shape) for unit, states in listing.units.items())


def _make_verdict(need: Need, path: str, rows: dict[str, str]) -> Verdict:
    as_root = "sudo " if need == CRONTABS else ""
    sources = tuple(
        ProofSource(need, f"{as_root}grep -oF -m 1 -e {quote(how)} -- {quote(path)} | head -n 1", how)
        for how in dict.fromkeys(rows.values())
    )
    remedy = make_steps(
        ("cat", "--", path),
        "take it out; or make sure that it happens when the fleet may stop, and waive it",
    )
    return Verdict(False, {**rows}, sources, subject=path, remedy=remedy)


QT238 = Rule(
    "QT238",
    "something could reboot the host or switch it off",
    Severity.WARNING,
    several="files could reboot hosts or switch them off",
    what="A unit or drop-in outside of the packages' folders that systemd has loaded, and that the registry does not "
    "name, has FailureAction=, SuccessAction=, StartLimitAction= or JobTimeoutAction= other than none, or starts a "
    "target such as reboot.target by OnFailure= or OnSuccess=; or such a unit, a crontab or a script that one of them "
    "runs calls reboot, poweroff, halt, shutdown or `systemctl reboot`; or unattended-upgrades may reboot by itself "
    "(Automatic-Reboot). The subject is the file. Only root can read users' crontabs.",
    why="Somebody's backup fails three times at night, and systemd reboots the host under the whole fleet, with open "
    "positions. No file of the fleet says so, and its journal ends in the middle of a line.",
    fix="The finding names the file and the setting. Take it out, or move it to an hour at which the fleet may stop. "
    "Waive one that is intended. QT727 says when a shutdown is already scheduled.",
    expect=_expect_no_end,
)
RULES = (QT238,)
