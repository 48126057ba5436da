"""The report with every dimension: JSON, Markdown, and a screen of 80 columns; harmless whatever the files say."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from qtctl.cli.tables import Screen, join_lines, leave_plain
from qtctl.dialects.compose.load import load
from qtctl.formats.markdown import write_markdown
from qtctl.model.registry import Legacy
from qtctl.parity.claims import Known, Record, list_new_services
from qtctl.parity.evidence import Audited
from qtctl.reports.blocks import Blocks
from qtctl.reports.parity import ParityDocument, build_report, to_json
from qtctl.reports.parity_page import build_page
from qtctl.reports.parity_screen import build_screen
from qtctl.reports.parity_view import build_view
from qtctl.rules.setting_fates import Fate
from tests.reports.golden import assert_golden

from .test_evidence import KNOWN, every
from .whole import COMPOSE, FILES, RECORD, Shop

FOLDER = Path(__file__).parent / "goldens"
WRONG = Shop(
    COMPOSE.replace("LEVEL: INFO", "LEVEL: DEBUG").replace("  feed:\n", "  other: {image: x}\n  feed:\n"),
    RECORD | {"new": {"late": "came later"}},
    FILES | {"services/api.toml": FILES["services/api.toml"].replace('limits = {memory_max = "256M"}\n', "")},
)
SECTIONS = [
    "Summary", "Service mapping", "Ports", "Redis contracts", "Commands and entry points", "Environment",
    "Paths and volumes", "Users and limits", "Health and restart", "Dependencies", "Time zone and logs",
    "Gaps and risks", "New services", "Verdict",
]  # fmt: skip


def document(shop: Shop) -> ParityDocument:
    report = shop.compare(KNOWN, Audited(every()))
    known = Known.of((Record(load(shop.compose, "f.yml"), Legacy.model_validate(shop.record)),))
    return build_report((report,), list_new_services(known, shop.desired()))


def screen(blocks: Blocks) -> str:
    return join_lines(Screen(80, leave_plain, str).lines(blocks))


@pytest.mark.parametrize(("name", "shop"), [("full", Shop()), ("gaps", WRONG)])
def test_the_whole_report(name: str, shop: Shop) -> None:
    found = document(shop)
    assert found.verdict == ("parity" if name == "full" else "gap")
    assert ParityDocument.model_validate_json(found.model_dump_json()) == found
    assert_golden(f"{name}.json", json.dumps(found.model_dump(mode="json"), indent=2) + "\n", FOLDER)
    assert_golden(f"{name}.md", write_markdown(build_page(found)), FOLDER)
    assert_golden(f"{name}.txt", screen(tuple(build_screen(found))), FOLDER)
    assert_golden(f"{name}-api.txt", screen(tuple(build_screen(found, service="api"))), FOLDER)


def test_the_sections_are_those_that_readers_of_such_audits_know() -> None:
    headings = re.findall(r"^#{2,3} (.*)$", write_markdown(build_page(document(WRONG))), re.MULTILINE)
    assert [each for each in headings if each in SECTIONS] == SECTIONS


@pytest.mark.parametrize("shop", [Shop(), WRONG])
def test_a_screen_of_80_columns_is_enough(shop: Shop) -> None:
    found = document(shop)
    for blocks in (build_screen(found), build_screen(found, verbose=True), build_screen(found, service="api")):
        assert max(map(len, screen(tuple(blocks)).splitlines())) <= 80


def test_counts_are_those_of_the_settings() -> None:
    found = document(WRONG)
    (file,) = found.files
    for total in found.dimensions:
        rows = [part for row in file.services for part in row.dimensions if part.dimension is total.dimension]
        fates = [setting.fate for part in rows for setting in part.settings]
        assert total.by_fate == {fate: fates.count(fate) for fate in Fate}
        assert total.kept == fates.count(Fate.KEPT) + fates.count(Fate.CHANGED)
        assert total.settings == len(fates) - fates.count(Fate.NEW) - fates.count(Fate.NOT_APPLICABLE)


def test_everything_that_was_judged_is_a_finding_of_the_view() -> None:
    report = WRONG.compare(KNOWN, Audited(every()))
    view = build_view(build_report((report,)), (report,))
    assert view.findings is not None
    found = view.findings()
    aside = (Fate.NEW, Fate.NOT_APPLICABLE)
    parts = [part for row in report.rows for part in row.dimensions if part.dimension not in ("services", "ports")]
    settings = [each for part in parts for each in part.settings if each.fate not in aside]
    assert len([each for each in found if "QT804" <= each.id <= "QT808"]) == len(settings)
    assert len({each.fingerprint for each in found}) == len(found)


HOSTILE = "`x`|<script>alert(1)</script>[a](http://evil.example)\u202e\x1b[31m"


def test_names_and_values_stay_inert_in_markdown() -> None:
    compose = Shop().compose.replace("LEVEL: INFO", f"LEVEL: {json.dumps(HOSTILE)}")
    found = document(Shop(compose.replace("/srv/shared:/srv/shared", "/srv/a|b<i>:/srv/a|b<i>")))
    page = write_markdown(build_page(found))
    rows = [line for line in page.splitlines() if line.startswith("|") and ("LEVEL" in line or "a|b" in line)]
    assert rows
    for line in rows:
        assert not {"\x1b", "\u202e"} & set(line)
        outside = re.sub(r"(`+).*?\1", "", line)
        assert not re.search(r"(?<!\\)\[|<(?!br>)", outside)
    shown = page + to_json((Shop().compare(),)) + screen(tuple(build_screen(found, verbose=True)))
    assert "t0pS3cr3tV4lue9x" not in shown


def test_what_is_waived_closes_no_gate_and_is_told() -> None:
    open_ = document(WRONG)
    found = {finding.id for row in open_.files[0].services for finding in row.findings}
    waivers = "".join(
        f'[[waivers]]\nid = "{each}"\nsubject = "*"\nreason = "until May"\nowner = "ann"\nexpires = 2999-01-01\n'
        for each in sorted(found | {each.id for each in open_.files[0].findings})
    )
    shop = replace(WRONG, files={**WRONG.files, "policy.toml": WRONG.files.get("policy.toml", "") + waivers})
    waived = document(shop)
    assert (open_.conclusion, waived.conclusion) == ("not-as-declared", "incomplete"), "something is unknown, too"
    assert waived.verdict == open_.verdict == "gap"
    findings = [finding for row in waived.files[0].services for finding in row.findings]
    assert {finding.waiver for finding in findings} == {"until May (ann, until 2999-01-01)"}
    for text in (write_markdown(build_page(waived)), screen(tuple(build_screen(waived)))):
        assert "waived: until May" in text
