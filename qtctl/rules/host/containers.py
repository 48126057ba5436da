"""QT707: containers of compose services that the fleet has left still run."""

import re
from functools import partial

from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.model.container_facts import Containers
from qtctl.model.desired import Desired
from qtctl.model.desired_container import LeftContainer
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

NEED = Need(Containers.FACT, "*")
_SHORT = 12


def _expect_none_left(desired: Desired) -> tuple[Expectation, ...]:
    left = desired.left_containers
    if not left:
        return ()
    return (Expectation("containers", {"running": []}, (NEED,), partial(_are_gone, left=left), left[0].origin),)


def _are_gone(facts: Facts, left: tuple[LeftContainer, ...]) -> Judgment:
    found = facts.read(Containers, NEED.subject)
    if found is None:
        return NOT_JUDGED
    running = {each.service: verdict for each in left if (verdict := _judge_running(found, each))}
    nameless = [id_ for id_ in found.groups if id_ not in found.names]
    rest = (_judge_unnamed(found, nameless),) if len(nameless) > len(running) else ()
    if running or rest:
        return (*running.values(), *rest)
    return Verdict(True, {"running": []}, (ProofSource(NEED, _NONE, "0"),) if not found.groups else ())


_NONE = "find /sys/fs/cgroup -type d -name 'docker-*.scope' 2>/dev/null | wc -l"


def _judge_running(found: Containers, left: LeftContainer) -> Verdict | None:
    """By its name, which Docker tells only some; else by a port that Docker holds for a container."""
    for id_, (service, name) in found.names.items():
        if id_ in found.groups and (service == left.service if service else _is_named(name, left.service)):
            again = f"docker ps --no-trunc --filter id={id_} --format '{{{{.Names}}}}'"
            return _make_verdict(left, {"container": name}, ProofSource(NEED, again, name), name)
    for port in left.ports if len(found.names) < len(found.groups) else ():
        for pid in found.ports.get(port, ())[:1]:
            number, _, protocol = port.partition("/")
            again = f"tr '\\0' ' ' </proc/{pid}/cmdline | grep -o -- '-host-port {number}'"
            observed = {"docker-proxy holds": f"{number}/{protocol}"}
            return _make_verdict(left, observed, ProofSource(NEED, again, f"-host-port {number}"), "")
    return None


def _is_named(name: str, service: str) -> bool:
    """As Compose names containers, quantum-ai-engine-1 or quantum_ai_engine_1, and as people do: quantum_ai_engine."""
    plain = re.escape(service.replace("_", "-"))
    return re.search(rf"(^|-){plain}(-[0-9]+)?$", name.replace("_", "-")) is not None


def _make_verdict(left: LeftContainer, observed: dict[str, str], source: ProofSource, name: str) -> Verdict:
    went = " ".join((left.how, *(("to", ", ".join(left.to)) if left.to else ())))
    publishes = ("docker", "ps", "--filter", f"publish={left.ports[0]}") if left.ports and not name else ()
    remedy = make_steps(
        f"once {' and '.join(left.to) or 'nothing'} does what it did:" if name else "find out which container it is:",
        ("docker", "update", "--restart=no", name) if name else publishes,
        ("docker", "stop", name) if name else "then stop it, and keep it from starting again",
    )
    return Verdict(
        False, {**observed, "declared": went}, (source,), subject=left.service, declared=left.origin, remedy=remedy
    )


def _judge_unnamed(found: Containers, nameless: list[str]) -> Verdict:
    shown = ", ".join(id_[:_SHORT] for id_ in nameless[:3])
    many = f"{len(nameless)} containers run" if len(nameless) > 1 else "a container runs"
    why = f"{many} ({shown}), and what is in {'them' if len(nameless) > 1 else 'it'} is unknown: {found.unnamed}"
    again = f"test -d {found.groups[nameless[0]]} && echo running"
    remedy = make_steps(
        "as root on the host:", ("docker", "ps", "--no-trunc"), "see whether one is of a service that left"
    )
    return Verdict(False, None, (ProofSource(NEED, again, "running"),), unknown=why, remedy=remedy)


QT707 = Rule(
    "QT707",
    "container of a migrated service still runs",
    Severity.ERROR,
    several="containers of migrated services still run",
    what="A container is running whose compose service is recorded in legacy/*.toml: mapped, migrated, absorbed or "
    "deprecated. Anyone can see which containers run, from their control groups. Docker tells only root and the "
    "docker group what they are; otherwise one is recognised by a published port that docker-proxy holds and the "
    "record names. If containers run and none of that identifies them, the check is unknown.",
    why="Two programs then do one job: both trade, both consume the stream, and one of them runs the code of last "
    "year. A container with `restart: always` comes back at every boot, even after it was stopped by hand.",
    fix="`docker ps` as root shows what runs. `docker update --restart=no NAME`, then `docker stop NAME`; once "
    "nothing is missed, `docker rm NAME`. Do not add the auditing account to the docker group: that amounts to root.",
    expect=_expect_none_left,
)
RULES = (QT707,)
