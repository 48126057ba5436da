"""A document against registry and evidence: true, false with proof, or not to be known, with the reason."""

import json

import pytest

from qtctl.claims.check import examine
from qtctl.model.claims import Known, Verdict
from qtctl.reports.claims_known import make_known_of_registry, make_known_of_report
from qtctl.reports.module_registry import build_report
from tests.builders.reported import TAKEN_AT, desired, evidence
from tests.claims.judging import read

REPORT = build_report(desired(), evidence(), ())
SEEN, DECLARED = make_known_of_report(desired(), REPORT), make_known_of_registry(desired())
TODAY = f"Date: {TAKEN_AT[:10]}\n\n"
OTHER_DAY = "Date: 2025-11-02\n\n"
SERVICES = len(desired().services)


def judged(text: str, known: Known | None = SEEN) -> list[tuple[Verdict, str]]:
    return [(each.verdict, each.why) for each in examine(read(f"# Host\n\n{text}\n"), known).judged]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (f"{SERVICES} systemd services", Verdict.TRUE),
        (f"{SERVICES + 20} systemd services", Verdict.FALSE),
        (f"Services: {SERVICES} systemd units", Verdict.TRUE),
        ("- 3 timers", Verdict.TRUE),
        ("| Component | Count |\n|---|---|\n| Systemd timers | 9 |", Verdict.FALSE),
        ("8000 -> q-api.service", Verdict.TRUE),
        ("8000 -> q-feed.service", Verdict.FALSE),
        ("7999 -> q-api.service", Verdict.FALSE),
        ("7999 -> nobody-knows", Verdict.UNKNOWN),
        ("| Service | Port |\n|---|---|\n| q-api | - |", Verdict.FALSE),
        ("| Service | Port |\n|---|---|\n| q-feed | - |", Verdict.TRUE),
        ("Redis version: 7.0.15", Verdict.TRUE),
        ("Systemd: v255", Verdict.FALSE),
        (TODAY + "q-api.service: active", Verdict.TRUE),
        (TODAY + "q-broken.service: active", Verdict.FALSE),
        (TODAY + "| Unit | Status |\n|---|---|\n| q-crash.service | failed |", Verdict.FALSE),
        (TODAY + "q-dark.service: active", Verdict.UNKNOWN),
        (OTHER_DAY + "q-broken.service: active", Verdict.UNKNOWN),
        (TODAY + "s:tick - 1,000 entries", Verdict.TRUE),
        (TODAY + "s:tick - 1,003 entries", Verdict.FALSE),
        (OTHER_DAY + "s:tick - 1,003 entries", Verdict.UNKNOWN),
        (TODAY + "s:lost - 12 entries", Verdict.UNKNOWN),
        (TODAY + "s:nowhere - 12 entries", Verdict.UNKNOWN),
        (TODAY + "All venvs are valid", Verdict.FALSE),
        (OTHER_DAY + "All venvs are valid", Verdict.UNKNOWN),
        (TODAY + "All services are running", Verdict.FALSE),
        ("A dedicated venv per service", Verdict.TRUE),
    ],
)
def test_against_evidence(text: str, verdict: Verdict) -> None:
    assert [each for each, _ in judged(text)] == [verdict]


@pytest.mark.parametrize(
    "text",
    [
        "14 new services", "5 services in the web target", "about 40 services", "services: 3 of them",
        "12 Docker services", "## Docker\n\n40 services", "## Pods in Kubernetes\n\n8000 -> q-feed.service",
        "Postgres (2 replicas)", "port 8000", "8001-8012 reserved",
    ],
)  # fmt: skip
def test_what_is_not_about_all_of_the_host_is_not_compared(text: str) -> None:
    assert Verdict.FALSE not in [verdict for verdict, _ in judged(text)]


def test_the_registry_alone_knows_what_is_declared_and_not_how_it_runs() -> None:
    assert judged(f"{SERVICES} systemd services", DECLARED) == [
        (Verdict.TRUE, f"{SERVICES} are declared (the registry)")
    ]
    assert judged("8000 -> q-feed.service", DECLARED)[0][0] is Verdict.FALSE
    for text in (
        f"{TODAY}q-broken.service: active",
        f"{TODAY}s:tick - 3 entries",
        "10 running services",
        "All venvs valid",
    ):
        ((verdict, why),) = judged(text, DECLARED)
        assert (verdict, "--from" in why) == (Verdict.UNKNOWN, True), text


def test_with_nothing_to_compare_it_cannot_be_known() -> None:
    assert judged("8000 -> q-feed.service", None) == [
        (Verdict.UNKNOWN, "only registry or evidence can tell: --registry, --from")
    ]


def test_what_moves_says_both_days() -> None:
    ((_, why),) = judged(f"{OTHER_DAY}s:tick - 1,003 entries")
    assert "2025-11-02" in why
    assert TAKEN_AT[:10] in why


def test_a_false_state_has_the_command_that_shows_it() -> None:
    (found,) = examine(read(f"{TODAY}q-broken.service: active"), SEEN).judged
    assert found.proof.startswith("systemctl show -p ActiveState")


def test_known_and_the_module_registry_agree() -> None:
    summary = json.loads(REPORT.model_dump_json())["summary"]
    for kind, key in (("timer", "timers"), ("target", "targets"), ("venv", "venvs"), ("stream", "redis_streams")):
        assert summary[key] in SEEN.counts[kind], kind
    assert summary["total_modules"] in SEEN.counts["service"]
