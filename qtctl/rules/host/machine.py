"""QT717 to QT720: what a host does for every service: accounts, the journal, memory, names."""

from functools import partial

from qtctl.dialects.hosts import PATH, list_addresses, make_row, subtract_addresses
from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.meaning.units import is_active
from qtctl.model.account_facts import Hosts
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, UnitListing
from qtctl.model.host_facts import OomKills, Resolved, SharedIds
from qtctl.model.origin import Origin
from qtctl.rules import proofs
from qtctl.rules.declared import list_aliases, list_declared_units
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

JOURNALD = "systemd-journald.service"
LISTING = Need(UnitListing.FACT, "*")
HOSTS, LOCAL, _LOCAL_ADDRESSES = Need(Hosts.FACT, PATH), "localhost", ("127.0.0.1", "::1")
SHARED, KILLS = Need(SharedIds.FACT, "*"), Need(OomKills.FACT, "*")


def _expect_own_ids(desired: Desired) -> tuple[Expectation, ...]:  # noqa: ARG001 every host has accounts
    return (Expectation("*", {"shared": []}, (SHARED,), _judge_ids),)


def _judge_ids(facts: Facts) -> tuple[Verdict, ...]:
    shared = facts.read(SharedIds, "*") or SharedIds({})
    found = tuple(_judge_shared(uid, names) for uid, names in sorted(shared.names.items()))
    return found or (Verdict(True, {"shared": []}),)


def _judge_shared(uid: str, names: list[str]) -> Verdict:
    again = f"getent passwd | cut -d: -f1,3 | grep ':{uid}$'"
    remedy = make_steps(
        ("find", "/", "-xdev", "-uid", uid), "remove the account that nobody needs, or give it a uid of its own: "
        "usermod -u, then chown its files",
    )  # fmt: skip
    return Verdict(
        False, {"accounts": [*names]}, tuple(ProofSource(SHARED, again, f"{name}:{uid}") for name in names[:2]),
        subject=uid, remedy=remedy,
    )  # fmt: skip


def _expect_journal(desired: Desired) -> tuple[Expectation, ...]:  # noqa: ARG001 every host has one
    return (Expectation(JOURNALD, {"active": "active"}, (LISTING,), _is_alive),)


def _is_alive(facts: Facts) -> Verdict:
    listing = facts.read(UnitListing, "*") or UnitListing({}, {})
    _, active, _ = listing.read_states(JOURNALD)
    source = proofs.prove_unit_property(LISTING, JOURNALD, "ActiveState", active)
    remedy = make_steps(("systemctl", "start", JOURNALD), ("systemctl", "status", "--no-pager", JOURNALD))
    return Verdict(is_active(active), {"active": active}, (source,), remedy=remedy)


def _expect_memory(desired: Desired) -> tuple[Expectation, ...]:
    units = frozenset(unit.unit for unit in list_declared_units(desired))
    return (Expectation("*", {"kills": {}}, (KILLS,), partial(_judge_kills, units=units)),)


def _judge_kills(facts: Facts, units: frozenset[str]) -> tuple[Verdict, ...]:
    kills = facts.read(OomKills, "*")
    if kills is None:
        return ()
    found = tuple(
        _judge_killed(unit, path, count)
        for path, count in sorted(kills.kills.items())
        if (unit := path.rpartition("/")[0].rpartition("/")[2]) in units
    )
    return found or (Verdict(True, {"kills": {}}),)


def _judge_killed(unit: str, path: str, count: int) -> Verdict:
    source = ProofSource(KILLS, f"grep '^oom_kill ' {quote(path)}", f"oom_kill {count}")
    remedy = make_steps(("systemctl", "restart", unit), "raise its memory_max, or find out what needs the memory")
    return Verdict(False, {"kills": count}, (source,), subject=unit, remedy=remedy)


def _expect_resolves(desired: Desired) -> tuple[Expectation, ...]:
    aliases = tuple(_make_expectation(*each) for each in list_aliases(desired))
    own = Expectation(LOCAL, {"addresses": [*_LOCAL_ADDRESSES]}, (HOSTS,), _judge_local)
    return (*aliases, own) if aliases else ()


def _judge_local(facts: Facts) -> Judgment:
    """As the hosts file has it, which is read for the aliases anyway. Without a line, nsswitch.conf may give it one."""
    found = facts.read(Hosts, PATH)
    rows = [] if found is None else [*found.rows, *(make_row(line) for line in found.block or ())]
    addresses = list_addresses(rows, LOCAL)
    if not addresses:
        return NOT_JUDGED
    wrong = subtract_addresses(addresses, _LOCAL_ADDRESSES)
    remedy = make_steps(("grep", "-n", LOCAL, PATH), f"give {LOCAL} only 127.0.0.1 and ::1 there")
    source = proofs.prove_alias(HOSTS, LOCAL, (*wrong, *addresses))
    return Verdict(not wrong, {"addresses": [*addresses]}, (source,), remedy=remedy)


def _make_expectation(name: str, addresses: tuple[str, ...], origin: Origin) -> Expectation:
    judge = partial(_judge_name, name=name, wanted=addresses)
    need = Need(Resolved.FACT, name)
    return Expectation(name, {"addresses": list(addresses)}, (need,), judge, origin, (("QT706", name),))


def _judge_name(facts: Facts, name: str, wanted: tuple[str, ...]) -> Verdict:
    """Which of several addresses are returned depends on the host's address families: some of them are enough."""
    need = Need(Resolved.FACT, name)
    found = facts.read(Resolved, name)
    addresses = found.addresses if found else []
    wrong = subtract_addresses(addresses, wanted)
    again = f"getent ahosts {quote(name)} | cut -d ' ' -f 1 | grep . || echo absent"
    source = ProofSource(need, again, (wrong or addresses or ["absent"])[0])
    remedy = make_steps(
        ("grep", "^hosts:", "/etc/nsswitch.conf"), f"files must come before dns there; then compare {PATH}"
    )
    return Verdict(bool(addresses) and not wrong, {"addresses": [*addresses]}, (source,), remedy=remedy)


QT717 = Rule(
    "QT717",
    "two accounts with one uid",
    Severity.ERROR,
    several="uids belong to two accounts",
    what="Two accounts of the host, as it resolves them itself, have the same uid. The subject is the uid; one "
    "account that two databases name is not a finding.",
    why="To the kernel they are one: each reads the other's secrets, and kills its processes. A second account with "
    "uid 0 is root under another name, and often how an intruder got back in.",
    fix="Give one of them a uid of its own with `usermod -u`, and its files too: usermod changes only those in its "
    "home. Remove the account if it has no owner.",
    expect=_expect_own_ids,
)
QT718 = Rule(
    "QT718",
    "journal is down",
    Severity.ERROR,
    several="journals are down",
    what="systemd-journald does not run on the host. Whether journald dropped messages while it ran is not checked: "
    "an ordinary user cannot read its journal.",
    why="Nothing that services say is kept, so nobody can find out why one failed. Once its socket is full, programs "
    "that log block in the middle of their work.",
    fix="`systemctl status systemd-journald.service` says how it ended; a full /var/log or /run is the usual cause. "
    "Start it, and restart services that log to a closed pipe.",
    expect=_expect_journal,
)
QT719 = Rule(
    "QT719",
    "processes of a running unit were killed for memory",
    Severity.WARNING,
    several="running units had processes killed for memory",
    what="The control group of a declared unit that runs has lost processes to the out-of-memory killer since the "
    "unit was started. A unit that was ended that way is QT207; kills of an earlier run are not counted, as the "
    "counter goes with the control group. A kernel that does not count them by control group is not judged.",
    why="The main process lives on without its worker: the unit is active, answers its health check, and does half of "
    "its work. The next kill may take all of it.",
    fix="Restart the unit, so that it is whole again. Then raise `memory_max`, or find out what needs the memory: "
    "`journalctl -k --grep=oom` has sizes.",
    expect=_expect_memory,
)
QT720 = Rule(
    "QT720",
    "name does not resolve as declared",
    Severity.ERROR,
    several="names do not resolve as declared",
    what="hosts.toml declares a name for an address, and the host itself resolves the name to another address, or to "
    "none. All sources in nsswitch.conf are asked, as programs would; QT706 looks at the hosts file alone. Or the "
    "hosts file gives localhost another address than 127.0.0.1 and ::1, which is judged where names are declared.",
    why="The hosts file may be right while nobody reads it: `hosts: dns` in nsswitch.conf, or a cache that answers "
    "first. The service then talks to another Redis than everybody believes, or to none.",
    fix="`getent ahosts NAME` shows what programs get, `grep ^hosts: /etc/nsswitch.conf` shows which sources are "
    "asked, in order. Put `files` first; restart nscd or systemd-resolved if they hold an old answer.",
    expect=_expect_resolves,
)
RULES = (QT717, QT718, QT719, QT720)
