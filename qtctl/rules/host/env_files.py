"""QT601, QT602: env files are there, and only root reads them."""

from dataclasses import dataclass
from functools import partial

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import Remedy, make_steps
from qtctl.meaning.access import Kind
from qtctl.meaning.open_paths import explain_numbers
from qtctl.meaning.ways import make_way
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.fact import make_fact
from qtctl.model.fact_help import LET_READ
from qtctl.model.facts import Facts, File
from qtctl.model.json import JsonObject
from qtctl.model.origin import Origin
from qtctl.model.process_facts import EnvText
from qtctl.model.way_facts import PathWay
from qtctl.rules import proofs
from qtctl.rules.declared import deploy_command
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict


@dataclass(frozen=True, slots=True)
class EnvFile:
    """`generated`: qtctl writes it, with this mode, owner and group. Otherwise the host's operators do."""

    path: str
    mode: str
    owner: str
    group: str
    generated: bool
    origin: Origin

    @property
    def need(self) -> Need:
        return Need(File.FACT, self.path)

    @property
    def way(self) -> Need:
        return Need(PathWay.FACT, self.path)

    @property
    def text(self) -> Need:
        return Need(EnvText.FACT, self.path)


def list_env_files(desired: Desired) -> tuple[EnvFile, ...]:
    """Generated ones and secrets files; a file that several services share appears once."""
    found = {
        service.secrets_file: EnvFile(service.secrets_file, "0600", "root", "", False, service.origin.at("secrets"))
        for service in desired.services
        if service.secrets_file
    }
    for file in desired.files:
        if file.kind == "env":
            found[file.path] = EnvFile(file.path, file.mode, file.owner, file.group, True, file.origin)
    return tuple(found.values())


def _expect_presence(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(file.path, {"file": "present"}, (file.need,), partial(_is_there, file=file), file.origin)
        for file in list_env_files(desired)
    )


def _is_there(facts: Facts, file: EnvFile) -> Verdict:
    there = facts.read(File, file.path) is not None
    source = proofs.prove_presence(file.need, file.path, present=there)
    make = f"make {quote(file.path)} on the host: root's, mode 0600, KEY=value lines"
    remedy = make_steps(deploy_command(facts) if file.generated else make)
    return Verdict(there, {"file": "present" if there else "absent"}, (source,), remedy=remedy)


def _expect_closed_modes(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            file.path,
            _show_wanted(file),
            (file.need,),
            partial(_is_closed, file=file),
            file.origin,
            (("QT606", file.path),),
        )
        for file in list_env_files(desired)
    )


def _show_wanted(file: EnvFile) -> JsonObject:
    wanted: JsonObject = {"mode": file.mode, "owner": file.owner}
    if file.group:
        wanted["group"] = file.group
    return wanted


def _is_closed(facts: Facts, file: EnvFile) -> Judgment:
    found = facts.read(File, file.path)
    if found is None:
        return NOT_JUDGED
    source = proofs.prove_permissions(file.need, file.path, found)
    observed: JsonObject = {"mode": found.mode, "owner": found.owner, "group": found.group, "kind": found.kind}
    if found.kind == "link" and not file.generated:
        return _is_closed_behind(facts, file)
    if found.kind != "file":
        return Verdict(
            False, observed, (proofs.prove_kind(file.need, file.path, found),), remedy=_choose_remedy(facts, file)
        )
    holds = _is_as_declared(found, file)
    unknown = "" if holds else explain_numbers(facts, found)
    return Verdict(holds, observed, (source,), unknown=unknown, remedy=_choose_remedy(facts, file))


def _is_closed_behind(facts: Facts, file: EnvFile) -> Judgment:
    """For a link, its target counts. QT606 reports one that leads nowhere."""
    item = facts.find_item(file.way)
    if item.value is None:
        why = f"it is a link, and what it leads to could not be looked at: {item.reason or item.state}"
        return Verdict(False, None, unknown=why, remedy=LET_READ)
    end = make_way(file.path, make_fact(PathWay, item.value)).end
    if end is None or end.kind is not Kind.FILE:
        return NOT_JUDGED
    source = ProofSource(file.way, f"stat -L -c '%a %u' {quote(file.path)}", f"{end.mode:o} {end.uid}")
    observed: JsonObject = {"mode": f"{end.mode:04o}", "uid": end.uid, "leads to": end.path}
    holds = end.uid == 0 and end.mode & ~int(file.mode, 8) == 0
    return Verdict(holds, observed, (source,), remedy=_choose_remedy(facts, file))


def _is_as_declared(found: File, file: EnvFile) -> bool:
    """A secrets file may be stricter (0400): its makers decide, as long as only root can read it."""
    mode, wanted = int(found.mode, 8), int(file.mode, 8)
    if found.owner != file.owner:
        return False
    if not file.generated:
        return mode & ~wanted == 0
    return mode == wanted and (not file.group or found.group == file.group)


def _choose_remedy(facts: Facts, file: EnvFile) -> Remedy:
    if file.generated:
        return make_steps(deploy_command(facts))
    return make_steps(
        ("chown", "root:root", "--", file.path),
        ("chmod", "600", "--", file.path),
        "change the secrets if others could read them",
    )


QT601 = Rule(
    "QT601",
    "env file missing",
    Severity.ERROR,
    several="env files are missing",
    what="An env file that a unit names in EnvironmentFile= is not on the host: the one that qtctl generates, or the "
    "secrets file that the host's operators keep. A directory that the auditing account may not enter makes the check "
    "unknown.",
    why="A running service does not notice. At its next start systemd fails it with `Failed to load environment "
    "files` before the program runs, and `systemd-analyze verify` does not warn of it.",
    fix="`qtctl deploy` writes the generated one. The secrets file is written by hand on the host (root, mode 0600): "
    "qtctl knows the names of its keys, never their values.",
    expect=_expect_presence,
    preflight=True,
)
QT602 = Rule(
    "QT602",
    "env file has another owner or mode than declared",
    Severity.ERROR,
    several="env files have another owner or mode than declared",
    what="An env file is not owned by root with mode 0600: another owner or group, readable or writable by others, or "
    "not a regular file. A secrets file may be closed further (0400). systemd reads these files as root before it "
    "drops to the service's user, so nobody else needs to.",
    why="These files hold exchange keys, or someone will put one there. Mode 0644 lets every account on the host read "
    "them, and an owner other than root lets a broken service rewrite its own environment.",
    fix="`qtctl deploy` restores the generated file. For a secrets file `chown root:root FILE; chmod 600 FILE`, and "
    "rotate the keys in it if anyone else could have read it.",
    expect=_expect_closed_modes,
)
RULES = (QT601, QT602)
