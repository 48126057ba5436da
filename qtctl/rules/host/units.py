"""QT201, QT208, QT210: a declared unit is there, enabled as declared, and its file is the generated one."""

from functools import partial

from qtctl.dialects.shell import join, quote
from qtctl.dialects.systemd.unit_name import is_template
from qtctl.findings.finding import Severity
from qtctl.findings.meaning import Wording
from qtctl.findings.remedy import Remedy, make_steps
from qtctl.meaning.originals import describe_seen, is_as_adopted, is_in_place, needs_of
from qtctl.meaning.units import UNLOADABLE, has_file, read_unit
from qtctl.model.desired import Desired
from qtctl.model.desired_file import DesiredFile
from qtctl.model.evidence import Need, State
from qtctl.model.fact_help import LET_READ
from qtctl.model.facts import Facts, File, Unit
from qtctl.model.json import JsonObject
from qtctl.rules import proofs
from qtctl.rules.declared import DeclaredUnit, deploy_command, list_declared_units, make_unit_expectation
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, Rule, Verdict


def _expect_units(desired: Desired) -> tuple[Expectation, ...]:
    files = {file.path: file for file in desired.files}
    return tuple(
        _make_presence_expectation(declared, files.get(declared.file)) for declared in list_declared_units(desired)
    )


def _make_presence_expectation(declared: DeclaredUnit, file: DesiredFile | None) -> Expectation:
    needs = [Need(Unit.FACT, declared.unit)]
    expected: JsonObject = {"load": "loaded"}
    if declared.file:
        needs += needs_of(file) if file is not None else (Need(File.FACT, declared.file),)
        expected["file"] = declared.file
    judge = partial(_is_present, declared=declared, file=file)
    roots = (("QT210", declared.unit), ("QT211", declared.unit))
    return Expectation(declared.unit, expected, tuple(needs), judge, declared.origin, roots)


def _is_present(facts: Facts, declared: DeclaredUnit, file: DesiredFile | None) -> Verdict:
    unit = read_unit(facts, declared.unit)
    load = unit.load_state if unit else "not-found"
    observed: JsonObject = {"load": load}
    sources = [proofs.prove_unit_property(Need(Unit.FACT, declared.unit), declared.unit, "LoadState", load)]
    there = True
    if declared.file:
        there = facts.read(File, declared.file) is not None
        observed["file"] = declared.file if there else "absent"
        sources.append(proofs.prove_presence(Need(File.FACT, declared.file), declared.file, present=there))
    there = there or (file is not None and is_as_adopted(file, facts))
    if there and load in UNLOADABLE:
        remedy = _choose_load_remedy(facts, declared, file)
        return Verdict(False, observed, tuple(sources), remedy=remedy, title=REFUSED_UNIT.title)
    return Verdict(has_file(unit) and there, observed, tuple(sources), remedy=_install(facts, declared), roots=())


def _install(facts: Facts, declared: DeclaredUnit) -> Remedy | str:
    if declared.kind == "external":
        return f"install the package that brings {declared.unit}, or correct [{declared.kind}]"
    found = facts.read(File, declared.file) if declared.file else None
    if found is not None and found.kind == "dir":
        away = f"{quote(declared.file)} is a folder, which a deploy does not replace: move it away, then"
        return make_steps(away, deploy_command(facts))
    return make_steps(deploy_command(facts))


def _choose_load_remedy(facts: Facts, declared: DeclaredUnit, file: DesiredFile | None) -> Remedy:
    """A deploy helps if the file is not the generated one."""
    look = ("systemctl", "status", "--no-pager", "-n", "20", declared.unit)
    found = facts.read(File, file.path) if file is not None else None
    if file is None or found is None:
        return make_steps(look, "it shows what systemd rejects: correct that, then", ("systemctl", "daemon-reload"))
    if found.sha256 == file.sha256:
        return make_steps(look, "it shows what systemd rejects: correct the registry, or the drop-in that says it")
    return make_steps(look, "put what should stay of the edit into the registry first", deploy_command(facts))


NO_STATE_OF_ITS_OWN = frozenset({"alias", "bad", "generated", "transient", "linked", "linked-runtime"})
"""For a unit loaded from another file than the generated one (QT225), or whose file is a link (QT210)."""


def _expect_enablement(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        make_unit_expectation(declared, {"enablement": declared.enablement[0]}, partial(_is_enabled, declared=declared))
        for declared in list_declared_units(desired)
    )


def _is_enabled(facts: Facts, declared: DeclaredUnit) -> Judgment:
    unit = read_unit(facts, declared.unit)
    file_gone = declared.file and facts.find_item(Need(File.FACT, declared.file)).state is State.ABSENT
    if unit is None or not has_file(unit) or file_gone:
        return NOT_JUDGED
    state = unit.unit_file_state
    if state in NO_STATE_OF_ITS_OWN and declared.file:
        return NOT_JUDGED
    source = proofs.prove_enablement(Need(Unit.FACT, declared.unit), declared.unit, state)
    observed: JsonObject = {"enablement": state, "active": unit.active_state}
    if not state:
        return Verdict(False, None, unknown="systemd names no state of its unit file")
    return Verdict(
        state in declared.enablement,
        observed,
        (source,),
        remedy=_choose_enablement_remedy(facts, declared, state),
        refuses_deploys=state.startswith("masked") and bool(declared.file),
    )


def _choose_enablement_remedy(facts: Facts, declared: DeclaredUnit, state: str) -> Remedy:
    if state.startswith("masked"):
        unmask = ("systemctl", "unmask", declared.unit)
        return make_steps(unmask, deploy_command(facts) if declared.file else ("systemctl", "start", declared.unit))
    if declared.enablement[0] == "enabled":
        return make_steps(("systemctl", "enable", declared.unit))
    if declared.enablement[0] == "disabled":
        return make_steps(("systemctl", "disable", declared.unit))
    return make_steps(deploy_command(facts), "the generated file has no [Install]")


def _expect_same_files(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(_make_file_expectation(file) for file in desired.files if file.kind != "env")


def _make_file_expectation(file: DesiredFile) -> Expectation:
    need, *more = needs_of(file)
    return Expectation(
        file.subject if file.kind == "unit" else file.path,
        {"path": file.path, "sha256": file.sha256},
        (need, *more),
        partial(_is_same, file=file, need=need),
        file.origin,
    )


def _is_same(facts: Facts, file: DesiredFile, need: Need) -> Judgment:
    found = facts.read(File, file.path)
    if is_in_place(file, facts):
        return _judge_in_place(file, found, need)
    if found is None and _is_alone(file):
        source = proofs.prove_presence(need, file.path, present=False)
        return Verdict(
            False, {"path": file.path, "kind": "absent"}, (source,), remedy=make_steps(deploy_command(facts))
        )
    if found is None or (file.of_unit and _is_mask(found)):
        return NOT_JUDGED
    remedy = _choose_replacement(facts, found)
    title = "" if found.ours else (FOREIGN_UNIT if file.kind == "unit" else FOREIGN).title
    if found.kind != "file":
        observed: JsonObject = {"path": file.path, "kind": found.kind, "target": found.target}
        source = proofs.prove_kind(need, file.path, found)
        return Verdict(False, observed, (source,), remedy=remedy, title=title, refuses_deploys=not found.ours)
    if found.sha256 is None:
        source = proofs.prove_permissions(need, file.path, found)
        item = facts.find_item(need)
        why = item.reason or "the auditing account may not read the file"
        return Verdict(False, None, (source,), unknown=why, remedy=item.help or LET_READ)
    source = proofs.digest(need, file.path, found.sha256)
    observed = {"path": file.path, "sha256": found.sha256, "mark": found.ours}
    same = found.sha256 == file.sha256
    return Verdict(same, observed, (source,), remedy=remedy, title=title, refuses_deploys=not found.ours)


def _choose_replacement(facts: Facts, found: File) -> Remedy:
    """A deploy does not touch files that qtctl did not write, and nothing along with them."""
    if found.ours:
        return make_steps("put what should stay of the edit into the registry first", deploy_command(facts))
    take_over = join(deploy_command(facts, "--take-over"))
    return make_steps(
        "someone wrote it by hand, and a deploy is refused while it is there: put what should stay of it into the "
        f"registry (qtctl adopt can); then {take_over} replaces it and keeps the old one on the host"
    )


def _judge_in_place(file: DesiredFile, found: File | None, need: Need) -> Verdict:
    """As good as the generated file: the file that it was adopted from."""
    seen: JsonObject = {"path": file.path, "adopted": describe_seen(found)}
    if found is not None and found.kind == "file" and found.sha256 is not None:
        return Verdict(True, seen, (proofs.digest(need, file.path, found.sha256),))
    if found is not None:
        return Verdict(True, seen, (proofs.prove_kind(need, file.path, found),))
    return Verdict(True, seen, (proofs.prove_presence(need, file.path, present=False),))


def _is_alone(file: DesiredFile) -> bool:
    """Whether no unit is loaded from it by name: then QT201 does not report it as missing."""
    return file.kind != "unit" or is_template(file.subject)


def _is_mask(found: File) -> bool:
    """The file of a masked unit is a link to /dev/null: QT208 reports that."""
    return found.kind == "link" and found.target == "/dev/null"


REFUSED_UNIT = Wording("declared unit cannot be loaded", "declared units cannot be loaded")
QT201 = Rule(
    "QT201",
    "declared unit is absent",
    Severity.ERROR,
    several="declared units are absent",
    variants=(REFUSED_UNIT,),
    what="The registry declares a service, target, timer or external for this host, and systemd finds no unit of "
    "that name (load state not-found), or the unit file that qtctl generates is not on disk. A unit that "
    "still runs from memory after its file was deleted counts as absent too: the next daemon-reload or boot "
    "loses it.",
    why="A unit that is declared but absent does not start or restart and is not monitored, and whatever wants it "
    "waits for nothing. After a move from Compose one registry listed thirteen units that no host had: a table of "
    "names does not show that, only asking systemd does.",
    fix="Run `qtctl deploy`: it writes the missing files, reloads systemd and starts what is declared running. "
    "`systemctl status UNIT` shows what systemd rejects in a file. For an external (redis-server, grafana) install "
    'its package. If the unit is meant to be gone, set `state = "retired"` in the registry.',
    expect=_expect_units,
    gate=True,
)
QT208 = Rule(
    "QT208",
    "enablement other than declared",
    Severity.WARNING,
    several="units are enabled or disabled other than declared",
    what="Whether a unit starts at boot is not as declared: the state of the unit file (`systemctl is-enabled`) of a "
    "running service, active target or active timer should be `enabled`, of a stopped one `disabled`, of an on-timer "
    "service (which has no [Install]) `static`. A masked unit (a link to /dev/null) is reported here, whatever it "
    "should be; its file is then not compared (QT210). For an external the registry says only whether it must come "
    "up, so `static` or `indirect` pass. A unit that is loaded from another file (QT225), or whose file is a link "
    "(QT210), has no such state: QT223 says whether a boot starts it.",
    why="A unit that runs but is disabled looks healthy until the next boot, when it simply does not start: an outage "
    "at the worst time, with nothing in its journal. A stopped service that is enabled comes back at that boot. A "
    "mask blocks every start, including those that a deploy or a dependency asks for.",
    fix="`systemctl enable UNIT` (or `disable`), without `--now`, changes only the next boot. For a masked unit run "
    "`systemctl unmask UNIT`, then `qtctl deploy` to write the file that the mask replaced. If what is on the host is "
    "right, change `state` in the registry.",
    expect=_expect_enablement,
)
FOREIGN_UNIT = Wording("unit file was not written by qtctl", "unit files were not written by qtctl", untidy=True)
FOREIGN = Wording("file was not written by qtctl", "files were not written by qtctl", untidy=True)
QT210 = Rule(
    "QT210",
    "file differs from the generated one",
    Severity.WARNING,
    several="files differ from the generated ones",
    variants=(FOREIGN_UNIT, FOREIGN),
    untidy=True,
    what="A generated file that anybody may read (a unit, a drop-in, or a file for accounts, folders or cloud-init) "
    "is not byte for byte the one that qtctl renders from the registry: its sha256 differs, or it is a link, a "
    "directory or missing. A missing unit file is QT201 (a missing drop-in or template is reported here), one "
    "replaced by a mask is QT208, and env files are QT601 and QT602. The difference says nothing yet about what "
    "systemd has loaded, since an edit without daemon-reload changes only the file.",
    why="An edit by hand is undone by the next deploy, or never written down at all. A `sed -i s/8005/8015/` on a "
    "live unit ends a port clash today, and the clash is back on the next host that is built from the "
    "repository.",
    fix="Look at the difference with `qtctl deploy` (it shows its plan and asks before it changes anything). Put "
    "what should stay into the registry or a template, then deploy.",
    expect=_expect_same_files,
)
RULES = (QT201, QT208, QT210)
