"""A dimension holds where the audit's checks of its units hold: what is unknown or broken there is unknown here."""

from dataclasses import replace

import pytest

from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.model.compose_settings import Dimension
from qtctl.model.origin import Origin
from qtctl.parity.evidence import CHECKS, Audited
from qtctl.parity.rows import ParityVerdict
from qtctl.rules.catalogue import list_host_rules
from qtctl.rules.setting_fates import Fate
from tests.builders.compared import facts

from .whole import Shop, list_dimensions

SHOP = Shop()
SOCKETS = [["127.0.0.1", "8000", "q-api.service"], ["127.0.0.1", "6379", "redis-server.service"]]
KNOWN = facts({"q-api.service": "up", "q-feed.service": "up", "redis-server.service": "up"}, SOCKETS)
OF_THE_FILE = {
    "redis", "command", "environment", "volumes", "users", "limits", "restart", "dependencies", "timezone",
}  # fmt: skip
IDS = sorted({id_ for those in CHECKS.values() for id_ in those})


def check(id_: str, outcome: Outcome = Outcome.HOLDS, file: str = "services/api.toml") -> Finding:
    reason = "no bus" if outcome is Outcome.UNKNOWN else None
    return Finding(id=id_, outcome=outcome, severity=Severity.ERROR, title="it", subject="q-api.service",
                   place=Origin(file), reason=reason, fingerprint="")  # fmt: skip


def every(**changed: Outcome) -> list[Finding]:
    files = ("services/api.toml", "services/feed.toml")
    found = [check(id_, file=file) for id_ in IDS for file in files]
    return [replace(each, outcome=changed.get(each.id, each.outcome), reason="no bus") for each in found]


def test_parity_is_full_where_all_of_it_is_shown() -> None:
    report = SHOP.compare(KNOWN, Audited(every()))
    assert report.verdict is ParityVerdict.PARITY
    assert {row.service: row.verdict.value for row in report.rows} == dict.fromkeys(("redis", "api", "feed"), "parity")


@pytest.mark.parametrize("outcome", [Outcome.BROKEN, Outcome.UNKNOWN])
@pytest.mark.parametrize(
    ("id_", "dimensions"),
    [
        ("QT305", {"health"}),
        ("QT604", {"redis", "environment", "timezone"}),
        ("QT405", {"command"}),
        ("QT715", {"volumes"}),
        ("QT504", {"redis"}),
        ("QT210", OF_THE_FILE),
    ],
)  # fmt: skip
def test_what_the_host_does_not_show_is_unknown(id_: str, dimensions: set[str], outcome: Outcome) -> None:
    report = SHOP.compare(KNOWN, Audited(every(**{id_: outcome})))
    assert report.verdict is ParityVerdict.UNKNOWN
    unknown = {name for name, verdict in list_dimensions(report, "api").items() if verdict == "unknown"}
    assert unknown == dimensions
    (row,) = (row for row in report.rows if row.service == "api")
    reasons = {part.unshown for part in row.dimensions if part.unshown}
    assert reasons == {
        "the host is not as declared: " + f"{id_} it (q-api.service)"
        if outcome is Outcome.BROKEN
        else f"{id_} q-api.service: no bus"
    }


@pytest.mark.parametrize(
    ("id_", "subject", "dimension"),
    [("QT711", "shop", "users"), ("QT713", "/srv/shared", "volumes"), ("QT714", "/srv", "volumes"),
     ("QT501", "s:orders", "redis"), ("QT711", "other", ""), ("QT713", "/srv/shared/x", ""), ("QT501", "s:x", "")],
)  # fmt: skip
def test_what_a_unit_uses_is_shown_by_checks_of_its_own(id_: str, subject: str, dimension: str) -> None:
    """Accounts, folders and keys are declared in files of their own."""
    elsewhere = replace(check(id_, Outcome.BROKEN, "others.toml"), subject=subject)
    report = SHOP.compare(KNOWN, Audited([*every(), elsewhere]))
    unknown = {name for name, verdict in list_dimensions(report, "api").items() if verdict == "unknown"}
    assert unknown == ({dimension} if dimension else set())


def test_evidence_that_says_nothing_of_a_unit_shows_nothing() -> None:
    report = SHOP.compare(KNOWN, Audited([each for each in every() if each.place != Origin("services/api.toml")]))
    assert {row.service: row.verdict.value for row in report.rows} == {
        "redis": "parity", "api": "unknown", "feed": "parity",
    }  # fmt: skip


def test_without_evidence_nothing_is_kept() -> None:
    fates = [each.fate for row in SHOP.compare().rows for part in row.dimensions for each in part.settings]
    assert Fate.KEPT not in fates
    assert Fate.UNKNOWN in fates


def test_what_was_not_asked_for_root_is_not_held_against_it() -> None:
    report = SHOP.compare(KNOWN, Audited(every(QT603=Outcome.NOT_ASKED)))
    assert report.verdict is ParityVerdict.PARITY


def test_the_checks_are_the_audits() -> None:
    assert set(IDS) <= {each.id for each in list_host_rules()}
    assert set(CHECKS) == set(Dimension) - {Dimension.SERVICES, Dimension.PORTS}
