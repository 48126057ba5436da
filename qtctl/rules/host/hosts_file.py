"""QT706: the hosts file gives every declared alias its addresses, and no other."""

from functools import partial

from qtctl.dialects.hosts import PATH, list_addresses, make_row, subtract_addresses
from qtctl.findings.finding import Severity
from qtctl.model.account_facts import Hosts
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.json import JsonObject
from qtctl.model.origin import Origin
from qtctl.rules import proofs
from qtctl.rules.declared import deploy, list_aliases
from qtctl.rules.rule import Expectation, Rule, Verdict

NEED = Need(Hosts.FACT, PATH)


def _expect_names(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(_make_expectation(*each) for each in list_aliases(desired))


def _make_expectation(name: str, addresses: tuple[str, ...], origin: Origin) -> Expectation:
    judge = partial(_is_given, name=name, wanted=addresses)
    return Expectation(name, {"addresses": list(addresses)}, (NEED,), judge, origin)


def _is_given(facts: Facts, name: str, wanted: tuple[str, ...]) -> Verdict:
    found = facts.read(Hosts, PATH)
    rows = [] if found is None else [*found.rows, *(make_row(line) for line in found.block or ())]
    addresses = list_addresses(rows, name)
    wrong, missing = subtract_addresses(addresses, wanted), subtract_addresses(wanted, addresses)
    source = proofs.prove_alias(NEED, name, (*wrong, *addresses))
    first = f"remove the line of {PATH} that gives {name} {wrong[0]}, then " if wrong else ""
    remedy = f"{first}{deploy(facts)}"
    observed: JsonObject = {"addresses": list(addresses)}
    return Verdict(not wrong and not missing, observed, (source,), remedy=remedy, refuses_deploys=bool(wrong))


QT706 = Rule(
    "QT706",
    "hosts-file alias missing",
    Severity.ERROR,
    several="hosts-file aliases are missing",
    what="hosts.toml declares a name for an address, and /etc/hosts does not give it: no line names it, or a line "
    "gives it another address. Only the file is read; programs look there before they ask any name server.",
    why="Code that came from containers has their names in it. Without the containers' name server, `quantum_redis` "
    "does not resolve, and its service is in a restart loop until someone adds a line by hand; cloud-init can write "
    "the file again at the next boot, and the line is gone.",
    fix="Run `qtctl deploy`: it puts the block with the names back. If it was there before the last boot, set "
    "`cloud_init = true` beside the aliases, and see whether user-data has `manage_etc_hosts`, which wins over every "
    "file on the host.",
    expect=_expect_names,
    gate=True,
)
RULES = (QT706,)
