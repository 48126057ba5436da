"""QT307: declared unix sockets are there, with their owner and mode, and someone listens."""

from functools import partial

from qtctl.findings.finding import Severity
from qtctl.findings.remedy import Remedy, make_steps
from qtctl.meaning.open_paths import explain_numbers
from qtctl.meaning.unix_sockets import must_listen
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.desired_unit import DesiredUnit, UnixListener
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, File, Unit, UnixSocket
from qtctl.model.inquiry import OWN_NETWORK
from qtctl.model.json import JsonObject
from qtctl.rules import proofs
from qtctl.rules.declared import list_down_checks
from qtctl.rules.rule import Expectation, Rule, Verdict


def _expect_sockets(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            path,
            _show_wanted(each),
            (Need(File.FACT, path), Need(UnixSocket.FACT, path)),
            partial(_is_served, unit=unit, wanted=each),
            each.origin,
            (*list_down_checks(unit.unit), ("QT226", unit.unit)),
        )
        for path, (unit, each) in sorted(must_listen(desired.units()).items())
    )


def _show_wanted(each: UnixListener) -> JsonObject:
    said = {"owner": each.owner, "group": each.group, "mode": each.mode}
    return {"kind": "socket", **{name: value for name, value in said.items() if value}}


def _is_served(facts: Facts, unit: DesiredUnit, wanted: UnixListener) -> Verdict:
    path = wanted.path
    need, file = Need(File.FACT, path), facts.read(File, path)
    if file is None:
        return Verdict(
            False, {"kind": "absent"}, (proofs.prove_presence(need, path, present=False),), remedy=_choose_remedy(unit)
        )
    if file.kind != "socket":
        remedy = make_steps(f"see what made {path} a {file.kind}, and remove that", *_choose_remedy(unit).steps)
        return Verdict(False, {"kind": file.kind}, (proofs.is_socket(need, path, yes=False),), remedy=remedy)
    bound = facts.read(UnixSocket, path)
    if bound is not None and not bound.listening and not bound.alike and not _has_own_network(facts, unit):
        listens = proofs.prove_no_unix_listener(Need(UnixSocket.FACT, path), path)
        return Verdict(False, {"listening": False}, (listens,), remedy=_choose_remedy(unit))
    seen: JsonObject = {"owner": file.owner, "group": file.group, "mode": file.mode}
    said = _show_wanted(wanted)
    wrong: JsonObject = {name: value for name, value in seen.items() if name in said and said[name] != value}
    source = proofs.prove_permissions(need, path, file)
    remedy = make_steps(
        "the umask and group of the listening process, or its options, decide about it: correct those, then",
        ("systemctl", "restart", unit.unit),
    )
    unknown = explain_numbers(facts, file) if wrong else ""
    return Verdict(not wrong, wrong or {"kind": "socket", **seen}, (source,), unknown=unknown, remedy=remedy)


def _choose_remedy(unit: DesiredUnit) -> Remedy:
    log = ("journalctl", "-u", unit.unit, "-n", "50", "--no-pager")
    return make_steps(log, "it may say why it does not listen there", ("systemctl", "restart", unit.unit))


def _has_own_network(facts: Facts, unit: DesiredUnit) -> bool:
    """Whether it listens in its own network namespace, where nobody outside sees who listens."""
    if isinstance(unit, DesiredService):
        said = dict((*unit.sandbox, *unit.settings))
        return any(said.get(name, "no").lower() not in _NO for name in OWN_NETWORK)
    found = facts.find(Unit, unit.unit)
    loaded = (found.loaded or {}) if found is not None else {}
    return any(loaded.get(name) for name in OWN_NETWORK)


_NO = ("no", "false", "0", "off", "f", "n", "")


QT307 = Rule(
    "QT307",
    "unix socket missing, or open to others than declared",
    Severity.ERROR,
    several="unix sockets are missing, or open to others than declared",
    what="A unit that is declared running or active declares a unix socket, and there is none at that path, nobody "
    "listens there, or it has another owner, group or mode. Sockets are declared in `[unix_sockets]` of services and "
    "externals, and as the paths that socket units listen on; those have SocketUser=, SocketGroup= and SocketMode=, "
    "or else root and 0666. Who listens is not judged where the unit has a network of its own, which hides it.",
    why="A file without a listener refuses every connection, like a closed port; programs leave it behind when they "
    "crash. One with another group or mode locks out whoever should connect, or lets in anyone with a login: most "
    "programs trust whatever arrives on a unix socket.",
    fix="If the unit is down, the finding gives that as its cause. If it runs, its journal says where it listens: "
    "compare that path with the declared one. Owner and mode come from its umask, its group or an option of its own; "
    "for a socket unit, from its file, which a deploy writes.",
    expect=_expect_sockets,
    gate=True,
)
RULES = (QT307,)
