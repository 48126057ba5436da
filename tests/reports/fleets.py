"""Audits of many hosts: reports made of findings, as a worker gives them back."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from qtctl.audit.compared import HostTraits, Told, compare
from qtctl.collect.ledger import Ledger
from qtctl.errors import Place, Unreachable
from qtctl.findings.finding import Finding, Outcome, Severity, make_fingerprint
from qtctl.findings.policy import Policy
from qtctl.model.evidence import Evidence, Need
from qtctl.model.facts import UnitListing
from qtctl.reports.audit import AuditReport, build_report
from qtctl.rules.catalogue import list_host_rules
from tests.builders.reported import desired, evidence

TITLES = {rule.id: rule.title for rule in list_host_rules()}
UNIT = "shop-app@8101.service"


def check(host: str, id_: str, subject: str, outcome: Outcome = Outcome.BROKEN, **more: object) -> Finding:
    plain = Finding(
        id=id_, outcome=outcome, severity=Severity.ERROR, title=TITLES[id_], subject=subject, host=host,
        place=Place("services/app.toml", 1), remedy=f"systemctl restart {subject}" if outcome is Outcome.BROKEN else "",
        fingerprint=make_fingerprint(id_, host, subject),
    )  # fmt: skip
    return replace(plain, **more)  # type: ignore[arg-type]


def report(host: str, checks: Sequence[Finding], asked: Evidence | None = None) -> AuditReport:
    return build_report(replace(desired(), host=host), replace(asked or evidence(), host=host, address=host), checks)


def good(host: str) -> tuple[Finding, ...]:
    return tuple(check(host, "QT204", f"shop-app@{port}.service", Outcome.HOLDS) for port in range(8101, 8109))


def unreachable(host: str) -> AuditReport:
    ledger, needs = Ledger(host), (Need(UnitListing.FACT, "*"),)
    ledger.refuse(needs, Unreachable("no answer within 10 s", host=host, login=host))
    why = ledger.items[0].reason
    asked = evidence(ledger.items)
    return report(host, [replace(each, outcome=Outcome.UNKNOWN, reason=why) for each in good(host)], asked)


def failed(host: str) -> tuple[Finding, ...]:
    """A unit that failed, and what follows from it; a file that differs."""
    root = check(host, "QT204", UNIT, observed={"result": "exit-code"})
    return (
        *good(host)[1:],
        root,
        check(host, "QT301", "127.0.0.1:8101", cause=root.fingerprint),
        check(
            host, "QT305", "127.0.0.1:8101/health", Outcome.UNKNOWN, reason="connection refused", cause=root.fingerprint
        ),
        check(host, "QT210", UNIT, severity=Severity.WARNING),
    )


@cache
def make_fleet(count: int) -> tuple[AuditReport, ...]:
    """Of 1,000 hosts 912 as declared, 37 and 40 with the same findings, ten not reached, one with its own."""
    return tuple(_list_hosts(count))


def _list_hosts(count: int) -> Iterator[AuditReport]:
    for number in range(count):
        host = f"web-{number + 1:04d}"
        match number * 1000 // count:
            case at if at < 37:
                yield report(host, failed(host))
            case at if at < 77:
                yield report(host, (*good(host), check(host, "QT210", UNIT, severity=Severity.WARNING)))
            case at if at < 87:
                yield unreachable(host)
            case at if at < 87 + max(1, 1000 // count):
                yield report(host, (*good(host), check(host, "QT303", "127.0.0.1:8000")))
            case _:
                yield report(host, good(host))


def compared(count: int) -> tuple[Finding, ...]:
    """The kernels of all of them: three have an older one."""
    return compare(
        [
            HostTraits(
                f"web-{number + 1:04d}", ("web",), Place("hosts.toml", number + 1),
                (Told("kernel", "", ("6.7.0",) if number < 3 else ("6.8.0",), 1, "2026-01-17T07:25:00.500Z"),),
            )
            for number in range(count)
        ],
        Policy(),
    )  # fmt: skip
