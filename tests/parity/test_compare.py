from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.dialects.compose.load import load as load_compose
from qtctl.errors import InputError
from qtctl.model.evidence import Need
from qtctl.model.registry import Legacy
from qtctl.parity.compare import compare, find_legacy
from qtctl.parity.needs import list_needs
from qtctl.parity.rows import ParityReport, ParityVerdict
from qtctl.registry.load import load as load_registry
from qtctl.resolve.resolve import resolve
from tests.builders.compared import desired, facts, legacy

from .case import API, TO_API, UP
from .cases import CASES

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared/data/compose-2026-01-15"


def report_of(names: list[str]) -> ParityReport:
    """The cases as services of one file, judged without evidence."""
    text = "services:\n" + "".join(f"  s{n}:\n    {CASES[name].service}\n" for n, name in enumerate(names))
    said = {f"s{n}": CASES[name].disposition for n, name in enumerate(names)}
    return compare(load_compose(text, "f.yml"), legacy({k: v for k, v in said.items() if v}), desired(), None)


@pytest.mark.parametrize("name", CASES)
def test_a_row_says_what_became_of_its_service(name: str) -> None:
    case = CASES[name]
    compose = load_compose(f"services:\n  s:\n    {case.service}\n", "f.yml")
    record = legacy({"s": case.disposition} if case.disposition else {})
    report = compare(compose, record, desired(), case.facts, elsewhere={"far"})
    (row,) = report.rows
    assert (row.verdict, row.unknowns) == (case.verdict, case.unknowns)
    assert tuple((finding.id, finding.subject, finding.observed) for finding in row.findings) == case.findings
    assert {str(finding.place) for finding in row.findings} <= {"f.yml:2"}
    assert report.verdict == {"no-disposition": "gap", "gone": "parity"}.get(case.verdict, case.verdict)
    assert report.has_undisposed == (case.verdict == "no-disposition")


def test_a_row_carries_commands_and_what_they_print() -> None:
    compose = load_compose("services: {s: {ports: ['8000:80', '9000:80']}}", "f.yml")
    (row,) = compare(compose, legacy({"s": TO_API}), desired(), facts(UP, [API])).rows
    assert [(proof.again, proof.line) for side in row.sides for proof in side.proof] == [
        ("systemctl show -p ActiveState q-api.service", "ActiveState=active"),
        ("ss -H -lnt 'sport = :8000' | awk '{print $4}'", "127.0.0.1:8000"),
        ("ss -H -lnt --cgroup 'sport = :8000' | grep -o 'cgroup:[^ ]*'", "cgroup:/system.slice/q-api.service"),
        ("ss -H -lnt 'sport = :9000' | wc -l", "0"),
    ]


def test_a_disposition_of_no_service_is_a_finding_of_the_report() -> None:
    compose = load_compose("services: {s: {image: x}}", "f.yml")
    report = compare(compose, legacy({"s": {"is": "deprecated", "why": "w"}, "t": TO_API}), desired(), None)
    assert [(f.id, f.subject, str(f.place)) for f in report.findings] == [("QT809", "compose:t", "f.yml")]
    assert (report.rows[0].verdict, report.verdict) == (ParityVerdict.GONE, ParityVerdict.GAP)


def test_without_a_legacy_record_every_service_is_without_disposition() -> None:
    report = compare(load_compose("services: {a: {image: x}, b: {image: x}}", "f.yml"), None, desired(), None)
    assert report.totals.count(ParityVerdict.NO_DISPOSITION) == report.totals.services == 2
    assert (report.verdict, report.taken_at) == (ParityVerdict.GAP, "")


@given(st.lists(st.sampled_from(sorted(CASES)), min_size=1, max_size=12))
def test_totals_are_the_rows(names: list[str]) -> None:
    report = report_of(names)
    assert report.totals.services == len(report.rows) == len(names)
    for verdict in ParityVerdict:
        assert report.totals.count(verdict) == sum(row.verdict is verdict for row in report.rows)
    assert report.totals.count(ParityVerdict.PARITY) == 0, "nothing holds without evidence"
    assert (report.verdict is ParityVerdict.GAP) == bool(report.findings)


def test_the_record_of_a_file_is_found_by_its_base_name() -> None:
    records = tuple(Legacy.model_validate({"compose": name, "services": {}}) for name in ("a.yml", "b.yml", "b.yml"))
    assert find_legacy(records, "/srv/x/a.yml") is records[0]
    assert find_legacy(records, "c.yml") is None
    with pytest.raises(InputError, match="2 legacy records"):
        find_legacy(records, "b.yml")


def test_needs_are_every_place_its_timers_and_who_listens() -> None:
    units = ("q-api.service", "q-nightly.service", "q-nightly.timer", "q-old.service", "q-worker.service")
    assert list_needs(desired()) == (
        *(Need("unit", unit) for unit in (*units, "redis-server.service")),
        Need("listeners", "tcp"),
        Need("listeners", "udp"),
    )


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the fleet's own compose files are not at {REAL}")
@pytest.mark.parametrize(("file", "services"), [("docker-compose.yml", 27), ("docker-compose.vps.yml", 29)])
def test_every_service_of_the_fleets_own_files_has_a_disposition(file: str, services: int) -> None:
    texts = {
        str(path.relative_to(ROOT / "registry")): path.read_bytes() for path in (ROOT / "registry").rglob("*.toml")
    }
    registry = load_registry(texts)
    compose = load_compose((REAL / file).read_text(), file)
    report = compare(compose, find_legacy(registry.legacy, file), resolve(registry, next(iter(registry.hosts))), None)
    assert report.totals.services == services
    assert [f"{finding.place} {finding.id} {finding.subject}" for finding in report.findings] == []
    assert report.verdict is ParityVerdict.UNKNOWN
