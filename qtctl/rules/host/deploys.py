"""QT228: deploys that are under way or did not end, and generations that are damaged or not of this registry."""

from functools import partial

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.meaning import Wording
from qtctl.findings.remedy import Remedy, make_steps
from qtctl.meaning.deploys import DAMAGED as DAMAGED_RECORD
from qtctl.meaning.deploys import RECORDED, STATUS, is_of_registry, is_stuck, judges_generation
from qtctl.meaning.registry_digest import digest_registry
from qtctl.model.deploy_facts import HostDeploys, KeptGenerations
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.json import JsonObject
from qtctl.rules.declared import deploy_command
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

KEPT = Need(KeptGenerations.FACT, "host")
BASE = "/var/lib/qtctl"
UNDER_WAY = Wording("deploy under way", "deploys under way")
STUCK = Wording("deploy stuck half-way", "deploys stuck half-way")
BROKEN = Wording("deploy that could not be rolled back", "deploys that could not be rolled back")
DAMAGED = Wording("damaged generation", "damaged generations")


def _expect_deploys(desired: Desired) -> tuple[Expectation, ...]:
    return (
        Expectation("deploy", {"state": "idle"}, (STATUS,), _is_at_rest),
        Expectation(
            "generation",
            {"registry": "as declared"},
            (STATUS,),
            partial(_is_of_registry, desired=desired),
        ),
        Expectation("generations", {"damaged": []}, (KEPT,), _are_whole),
    )


def _is_at_rest(facts: Facts) -> Judgment:
    status = facts.read(HostDeploys, "host")
    if status is None:
        return NOT_JUDGED
    observed: JsonObject = {"state": status.state, "generation": status.generation}
    why = _describe(status)
    if why:
        observed |= {"by": status.by, "why": why}
    source = _prove_damaged_record(STATUS) if status.state == DAMAGED_RECORD else _prove_state(status)
    return Verdict(
        not why,
        observed,
        (source,),
        remedy=_choose_end(facts, status),
        title=_describe_status(status),
        refuses_deploys=True,
    )


def _prove_state(status: HostDeploys) -> ProofSource:
    return ProofSource(STATUS, f"grep '^state ' {BASE}/status", f"state {status.state}")


def _prove_damaged_record(need: Need) -> ProofSource:
    """A valid record is the only one: a file named after a state, with the number of an existing generation."""
    names = "|".join(sorted(RECORDED))
    whole = 'test -f "$each" && test ! -L "$each" && test -d "../gen/$(head -n 1 -- "$each")" && echo "$each"'
    records = f'for each in *; do {whole}; done | grep -cxE "{names}"'
    count = f'cd {BASE}/tx; test "$(ls -A | wc -l) $({records})" = "1 1" && echo whole || echo damaged'
    return ProofSource(need, f"sudo sh -c {quote(count)}", "damaged")


def _describe(status: HostDeploys) -> str:
    """What is wrong, or ''."""
    if status.state == "idle":
        return ""
    if status.state == DAMAGED_RECORD:
        return "the record of a deploy is damaged, and the host refuses deploys"
    if status.state == "broken":
        return "the host could not be rolled back, and refuses deploys"
    if status.rebooted:
        return "it was under way before the last boot, and the boot did not end it"
    if is_stuck(status):
        return "nobody watches it, and the host does not roll back"
    return f"under way for {status.age_s} s"


def _describe_status(status: HostDeploys) -> str:
    if status.state in ("broken", DAMAGED_RECORD):
        return BROKEN.title
    return STUCK.title if is_stuck(status) else UNDER_WAY.title


def _end_damaged(facts: Facts) -> Remedy:
    return make_steps(("ls", "-l", f"{BASE}/tx"), ("qtctl", "recover", "--host", facts.target))


def _choose_end(facts: Facts, status: HostDeploys) -> Remedy:
    if status.state == DAMAGED_RECORD:
        return _end_damaged(facts)
    if status.state == "broken":
        return make_steps("see to the units that it could not bring back", ("qtctl", "recover", "--host", facts.target))
    if is_stuck(status):
        journal = (
            "journalctl",
            "--no-pager",
            "-u",
            f"qtctl-deploy-{status.generation}.service",
            "-u",
            "qtctl-restore.service",
        )
        return make_steps(journal, "to roll the host back:", ("qtctl", "recover", "--host", facts.target))
    return make_steps("wait until it has ended, then audit again")


def _is_of_registry(facts: Facts, desired: Desired) -> Judgment:
    """Another fleet on the same host is unknown here."""
    status = facts.read(HostDeploys, "host")
    if status is None or not judges_generation(status, desired.fleet, desired.host):
        return NOT_JUDGED
    same = is_of_registry(status, digest_registry(desired))
    observed: JsonObject = {"generation": status.current, "registry": "as declared" if same else "another"}
    if not same:
        observed |= {key: status.about.get(key, "") for key in ("by", "commit", "dirty")}
    source = ProofSource(
        STATUS, f"grep '^current-registry ' {BASE}/status", f"current-registry {status.about.get('registry', '')}"
    )
    return Verdict(same, observed, (source,), remedy=make_steps(deploy_command(facts)))


def _is_known_as_damaged(facts: Facts) -> bool:
    status = facts.read(HostDeploys, "host")
    return status is not None and status.state == DAMAGED_RECORD


def _judge_record(facts: Facts, kept: KeptGenerations) -> Verdict:
    """A damaged record of which only root knows: the state that everybody may read does not show it."""
    source = _prove_damaged_record(KEPT)
    remedy = _end_damaged(facts)
    observed: JsonObject = {"record": kept.record}
    return Verdict(False, observed, (source,), remedy=remedy, title=BROKEN.title, refuses_deploys=True)


def _are_whole(facts: Facts) -> Judgment:
    kept = facts.read(KeptGenerations, "host")
    if kept is None:
        return NOT_JUDGED
    if kept.record and not _is_known_as_damaged(facts):
        return _judge_record(facts, kept)
    named = [f"{number}: {', '.join(what)}" for number, what in sorted(kept.damaged.items())]
    damaged = next(iter(kept.damaged), "")
    sources = (_prove_damage(damaged, kept.damaged[damaged][0]),) if damaged else ()
    remedy = make_steps(
        "the host cannot be rolled back to these generations; find out who changed what only root writes",
        "as root, to give up one of them:",
        ("rm", "-r", "--", f"{BASE}/gen/{damaged}"),
    )
    return Verdict(not named, {"damaged": [*named]}, sources, remedy=remedy, title=DAMAGED.title)


def _prove_damage(number: str, what: str) -> ProofSource:
    """`what`: the path of a file whose content differs from what was deployed, or a part of the generation."""
    home = f"{BASE}/gen/{number}"
    if what.startswith("/"):
        wrong = '[ "$(sha256sum 2>/dev/null <objects/$sha)" = "$sha  -" ] || echo "$path"'
        loop = f"cd {BASE}; while read -r path sha _; do {wrong}; done <{home}/files"
        return ProofSource(KEPT, f"sudo sh -c {quote(loop)} 2>/dev/null | head -n 1", what)
    if what == "desired.json.gz":
        return ProofSource(KEPT, f"sudo gzip -tq {home}/{what} 2>/dev/null || echo damaged", "damaged")
    return ProofSource(KEPT, f"sudo test -s {home}/{what} || echo missing", "missing")


QT228 = Rule(
    "QT228",
    "current generation is from another registry",
    Severity.ERROR,
    several="current generations are from another registry",
    variants=(UNDER_WAY, STUCK, BROKEN, DAMAGED),
    what="A deploy of the host is under way, could not be rolled back (`broken`), or is stuck: nobody watches it, and "
    "the host does not roll back. Or the current generation was made from another state of the registry, as after "
    "`qtctl rollback` or before a `qtctl deploy`. Anyone may read this in /var/lib/qtctl/status. With `--become` "
    "also: files of a kept generation are missing or damaged.",
    why="While a deploy is under way, everything else that an audit sees may change at any moment. A stuck or broken "
    "deploy leaves the host between two states, and blocks the next one. A damaged generation cannot be rolled back "
    "to when it is needed.",
    fix="Wait for a deploy that someone watches. `qtctl recover` ends one that is broken or stuck. If the registry is "
    "right, run `qtctl deploy`; if the rollback should stay, change the registry.",
    expect=_expect_deploys,
    each_host=True,
)
RULES = (QT228,)
