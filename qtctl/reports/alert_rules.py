"""Alert rules for Prometheus: the thresholds that a registry declares, over the metrics that qtctl writes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from qtctl.findings.finding import Severity
from qtctl.model import measures
from qtctl.model.desired import Desired
from qtctl.reports.series import Scope, match_names, quote

GROUP = "qtctl"
LATE_ROUNDS = 3
"""An audit is late if so many should have ended since."""
MUST_RUN = "running|active"
"""Declared states in which a unit must be up."""


@dataclass(frozen=True, slots=True)
class AlertRule:
    """`wait_s`: how long `expr` must hold. `summary` may name labels, as `{{ $labels.host }}`. `labels`: its own."""

    name: str
    expr: str
    wait_s: int
    severity: str
    summary: str
    why: str
    labels: tuple[tuple[str, str], ...] = ()


def list_rules(hosts: Sequence[Desired], scope: Scope, fail_on: Severity, every_s: int) -> tuple[AlertRule, ...]:
    """For these hosts, which are audited every `every_s` seconds. `fail_on`: findings from there on alert."""
    wait_s = 2 * every_s
    return (
        *_list_audit_rules(hosts, scope, every_s),
        *_list_finding_rules(scope, fail_on, wait_s),
        *_list_unit_rules(hosts, scope, wait_s),
        *_list_stream_rules(hosts, scope, wait_s),
    )


def _list_audit_rules(hosts: Sequence[Desired], scope: Scope, every_s: int) -> Iterator[AlertRule]:
    reached, taken = scope.select(measures.REACHED), scope.select(measures.AUDIT_TIME)
    unknown = scope.select(measures.CHECKS, 'outcome="unknown"')
    wait_s = 2 * every_s
    yield AlertRule(
        "QtctlHostsMissing",
        f"(count({reached}) or vector(0)) < {len(hosts)}",
        wait_s,
        "warning",
        "qtctl measures {{ $value }} hosts instead of " + str(len(hosts)),
        "A host of the registry has no metrics: nothing audits it, or its metrics are not scraped.",
    )
    yield AlertRule(
        "QtctlHostUnreached",
        f"{reached} == 0",
        wait_s,
        "critical",
        "{{ $labels.host }} could not be asked",
        "No answer came from the host, so nothing is known about it.",
    )
    yield AlertRule(
        "QtctlAuditLate",
        f"time() - {taken} > {LATE_ROUNDS * every_s}",
        0,
        "warning",
        "{{ $labels.host }} was last audited {{ $value | humanizeDuration }} ago",
        "Every other alert of this host is as old as its last audit.",
    )
    yield AlertRule(
        "QtctlChecksUnknown",
        f"{unknown} > 0 and on (fleet, host) {reached} == 1",
        wait_s,
        "warning",
        "{{ $value }} checks of {{ $labels.host }} could not be judged",
        "Evidence is missing: a permission, a bus or a store.",
    )


def _list_finding_rules(scope: Scope, fail_on: Severity, wait_s: int) -> Iterator[AlertRule]:
    words = {Severity.ERROR: "critical", Severity.WARNING: "warning", Severity.INFO: "info"}
    for severity in reversed(Severity):
        if severity.rank >= fail_on.rank:
            yield AlertRule(
                f"QtctlFinding{severity.value.title()}",
                scope.select(measures.FINDINGS, f'severity="{severity.value}"', 'waived="no"') + " > 0",
                wait_s,
                words[severity],
                "{{ $labels.host }}: {{ $value }} findings {{ $labels.id }}",
                "The audit found something that is not as declared; qtctl explain tells what the id means.",
            )


def _list_unit_rules(hosts: Sequence[Desired], scope: Scope, wait_s: int) -> Iterator[AlertRule]:
    down = f'declared=~"{MUST_RUN}",state!~"RUNNING|UNKNOWN"'
    critical = match_names("unit", (each.unit for host in hosts for each in host.units() if each.critical))
    summary = "{{ $labels.unit }} on {{ $labels.host }} is {{ $labels.state }}"
    if critical:
        why = "The registry says that the fleet cannot do without this unit."
        state = scope.select(measures.UNIT_STATE, down, critical)
        yield AlertRule("QtctlCriticalUnitDown", f"{state} == 1", 0, "critical", summary, why)
    state = scope.select(measures.UNIT_STATE, down, _negate(critical))
    why = "The registry says that this unit is up."
    yield AlertRule("QtctlUnitDown", f"{state} == 1", wait_s, "warning", summary, why)
    for restarts, window_s in sorted({(each.loop_restarts, each.loop_up_us // 1_000_000) for each in hosts}):
        span_s = max(window_s, 2 * wait_s)
        yield AlertRule(
            "QtctlUnitRestarts",
            f"increase({scope.select(measures.UNIT_RESTARTS)}[{span_s}s]) >= {restarts}",
            0,
            "warning",
            "{{ $labels.unit }} on {{ $labels.host }} keeps restarting",
            f"systemd restarted it {restarts} times or more within {span_s} s (restart_loop in fleet.toml).",
        )
    yield AlertRule(
        "QtctlPortClosed",
        scope.select(measures.PORT, f'declared=~"{MUST_RUN}"') + " == 0",
        wait_s,
        "warning",
        "{{ $labels.unit }} on {{ $labels.host }} does not listen at {{ $labels.address }} port {{ $labels.port }}",
        "Nobody listens at the declared address, or another unit does.",
    )
    yield AlertRule(
        "QtctlVenvBroken",
        f"{scope.select(measures.VENV)} == 0",
        wait_s,
        "warning",
        "venv {{ $labels.venv }} on {{ $labels.host }} does not work",
        "Services that use it fail at their next start.",
    )


Limit = tuple[tuple[tuple[str, str], ...], float]
"""Labels with their values, and the largest value that is good."""


def _list_stream_rules(hosts: Sequence[Desired], scope: Scope, wait_s: int) -> Iterator[AlertRule]:
    group = "group {{ $labels.group }} of {{ $labels.stream }} on {{ $labels.host }}"
    old = "{{ $labels.stream }} on {{ $labels.host }}: newest entry {{ $value | humanizeDuration }} old"
    kinds = (
        ("QtctlStreamOld", measures.STREAM_AGE, _list_ages, old, "Nobody writes to it: max_age in the registry."),
        ("QtctlGroupLag", measures.GROUP_LAG, _list_lags, f"{group} is {{{{ $value }}}} entries behind",
         "Its service reads more slowly than others write, or not at all: max_lag in the registry."),
        ("QtctlGroupPending", measures.GROUP_PENDING, _list_pending, f"{group} has {{{{ $value }}}} entries pending",
         "Its service takes entries and does not finish with them: max_pending in the registry."),
    )  # fmt: skip
    for name, family, list_limits, summary, why in kinds:
        found: defaultdict[Limit, set[str]] = defaultdict(set)
        for host in hosts:
            for limit in list_limits(host):
                found[limit].add(host.host)
        differing = _find_differing(found)
        for (labels, most), those in sorted(found.items()):
            pairs = [f"{label}={quote(value)}" for label, value in labels]
            at = replace(scope, hosts=tuple(those)) if labels in differing else scope
            bound = write_number(most)
            expr = f"{at.select(family, *pairs)} > {bound}"
            yield AlertRule(name, expr, wait_s, "warning", summary, why, (*labels, ("limit", bound)))


def write_number(number: float) -> str:
    """All its digits: 1000001, not 1e+06. Times are whole microseconds."""
    return str(number) if isinstance(number, int) else f"{number:.6f}".rstrip("0").rstrip(".")


def _find_differing(found: Iterable[Limit]) -> set[tuple[tuple[str, str], ...]]:
    """Those for which hosts have different limits."""
    every = [labels for labels, _ in found]
    return {labels for labels in every if every.count(labels) > 1}


def _list_ages(host: Desired) -> Iterator[Limit]:
    for key in host.keys:
        if key.max_age_us is not None:
            yield (("store", key.store), ("stream", key.name)), key.max_age_us / 1e6


def _list_lags(host: Desired) -> Iterator[Limit]:
    for service in host.services:
        for each in service.consumes:
            yield (("store", each.store), ("stream", each.stream), ("group", each.group)), each.max_lag


def _list_pending(host: Desired) -> Iterator[Limit]:
    for service in host.services:
        for each in service.consumes:
            if each.max_pending is not None:
                yield (("store", each.store), ("stream", each.stream), ("group", each.group)), each.max_pending


def _negate(matcher: str) -> str:
    return matcher.replace("=~", "!~", 1)


def write_rules(rules: Iterable[AlertRule], fleet: str) -> str:
    """A rule file in YAML; strings are quoted as in JSON, which YAML reads the same way."""
    lines = [f"# Alert rules of the fleet {quote(fleet)}, written by qtctl metrics --rules.", "groups:"]
    lines += [f"  - name: {quote(f'{GROUP}-{fleet}')}", "    rules:"]
    for each in rules:
        lines += [
            f"      - alert: {each.name}",
            f"        expr: {quote(each.expr)}",
            *((f"        for: {each.wait_s}s",) if each.wait_s else ()),
            f"        labels: {{{', '.join(_list_labels(each, fleet))}}}",
            "        annotations:",
            f"          summary: {quote(each.summary)}",
            f"          description: {quote(each.why)}",
        ]
    return "\n".join(lines) + "\n"


def _list_labels(rule: AlertRule, fleet: str) -> Iterator[str]:
    yield from (f"severity: {rule.severity}", f"fleet: {quote(fleet)}")
    yield from (f"{label}: {quote(_quote_template(value))}" for label, value in rule.labels)


def _quote_template(text: str) -> str:
    """Labels of a rule are templates of Go: a name with braces in it stays a name."""
    return text.replace("{{", '{{ "{{" }}')
