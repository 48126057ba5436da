"""Verify with this machine's systemd-analyze, with none, with an old one and with broken ones."""

import os
import shutil
from pathlib import Path

import pytest

from qtctl.adapters.analyze import LocalAnalyze
from qtctl.adapters.files import read_templates
from qtctl.findings.finding import Outcome
from qtctl.flows.declare import Loaded, declare
from qtctl.flows.verify import verify
from qtctl.formats.markdown import write_markdown
from qtctl.reports.verify import build_report, to_json
from qtctl.reports.verify_page import build_page
from qtctl.stage.verified import Verified
from tests.builders.registry import SMALL, changed

HOLDS, BROKEN, UNKNOWN = Outcome.HOLDS, Outcome.BROKEN, Outcome.UNKNOWN
SWEEP = """\
summary = "Sweep"
state = "on-timer"
type = "oneshot"
run = { kind = "command", argv = ["/usr/bin/sweep"] }
"""
TIMER = '[sweep]\nsummary = "Sweeps"\nservice = "sweep"\non_calendar = [%s]\n'
real = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="asks this machine's systemd-analyze")


def small(*calendars: str, **templates: str) -> Loaded:
    expressions = ", ".join(f'"{each}"' for each in calendars or ("hourly",))
    files = changed(timers=TIMER % expressions, services__sweep=SWEEP)
    return declare(files, read_templates(None) | templates, "", None)


def asked(declared: Loaded, threshold: float | None = None) -> Verified:
    """The verdict; each is also a report that adds up, and can be shown."""
    found = verify(declared, LocalAnalyze(), threshold, deadline_s=20)
    report = build_report(found)
    assert report.outcome is found.outcome
    assert to_json(report)
    assert write_markdown(build_page(report))
    return found


def outcomes(found: Verified) -> tuple[Outcome, Outcome, Outcome]:
    return found.verify.outcome, found.calendar.outcome, found.security.outcome


@real
def test_a_fleet_that_is_well() -> None:
    found = asked(small("hourly", "Mon 04:15"))
    assert outcomes(found) == (HOLDS, HOLDS, HOLDS)
    assert found.messages == ()
    assert [(each.normalized, str(each.declared)) for each in found.calendars] == [
        ("*-*-* *:00:00", "timers.toml:4"),
        ("Mon *-*-* 04:15:00", "timers.toml:4"),
    ]
    assert [each.unit for each in found.exposures] == ["small-api.service", "small-feed.service", "small-sweep.service"]
    assert all(each.exposure and each.open for each in found.exposures)


@real
@pytest.mark.parametrize("unit", ["-sweep.service", "-.service", "--help.service"])
def test_a_unit_whose_name_begins_with_a_dash_is_no_option(unit: str) -> None:
    files = changed(timers=TIMER % '"hourly"', services__sweep=f'unit = "{unit}"\n{SWEEP}')
    found = asked(declare(files, read_templates(None), "", None))
    assert outcomes(found) == (HOLDS, HOLDS, HOLDS)
    assert (found.messages, unit in found.units) == ((), True)


@real
def test_a_threshold_is_a_gate() -> None:
    assert outcomes(asked(small(), 10)) == (HOLDS, HOLDS, HOLDS)
    found = asked(small(), 1)
    assert outcomes(found) == (HOLDS, HOLDS, BROKEN)
    assert found.outcome is BROKEN
    assert {each.outcome for each in found.exposures} == {BROKEN}


@real
def test_messages_lead_to_the_registry() -> None:
    odd = read_templates(None)["service.j2"].replace("[Service]\n", "[Service]\nMemoryMaxx=1G\n", 1)
    found = asked(small(**{"service.j2": odd}))
    assert found.verify.outcome is BROKEN
    assert [(each.unit, each.text, str(each.declared)) for each in found.messages] == [
        (unit, "MemoryMaxx=1G", f"services/{name}.toml:1")
        for unit, name in (
            ("small-api.service", "api"),
            ("small-feed.service", "feed"),
            ("small-sweep.service", "sweep"),
        )
    ]
    made = {file.subject: file.content.decode().split("\n") for file in small(**{"service.j2": odd}).desired.files}
    for each in found.messages:
        assert each.line is not None
        assert made[each.unit][each.line - 1] == each.text
        assert each.path == f"/etc/systemd/system/{each.unit}"


@real
def test_a_message_about_a_declared_key_leads_to_its_line() -> None:
    files = changed(timers=TIMER % '"hourly"', services__sweep=SWEEP + 'timeouts.start = "5s"\n')
    odd = read_templates(None)["service.j2"].replace("[Service]\n", "[Service]\nTimeoutStartSec=soon\n", 1)
    found = asked(declare(files, read_templates(None) | {"service.j2": odd}, "", None))
    assert {each.unit: str(each.declared) for each in found.messages}["small-sweep.service"] == "services/sweep.toml:5"


@real
@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("hourly and a half", "Failed to parse calendar"),
        ("--version", "Failed to parse calendar"),
        ("2020-01-01", "it never comes again"),
    ],
)
def test_a_calendar_that_is_none(expression: str, what: str) -> None:
    found = asked(small("hourly", expression))
    assert [each.outcome for each in found.calendars] == [HOLDS, BROKEN]
    assert what in found.calendars[1].what
    assert str(found.calendars[1].declared) == "timers.toml:4"
    assert found.calendar.outcome is BROKEN


def test_nothing_was_asked_where_there_is_no_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    found = asked(small(), 1)
    assert outcomes(found) == (UNKNOWN, UNKNOWN, UNKNOWN)
    assert "systemd-analyze is not installed" in found.verify.reason
    assert {each.outcome for each in found.calendars} == {each.outcome for each in found.exposures} == {UNKNOWN}
    assert (found.systemd, found.outcome) == (None, UNKNOWN)


CALENDARS = 'calendar) echo "Normalized form: x"; echo "    Next elapse: y";;'
STAND_INS = {
    "an old one": (f'--version) echo "systemd 247 (247.3)";; {CALENDARS}', (UNKNOWN, HOLDS, UNKNOWN), "250 or later"),
    "none that says its version": (f"--version) echo busybox;; {CALENDARS}", (UNKNOWN, HOLDS, UNKNOWN), "no known"),
    "all of it fails without a word": (
        '--version) echo "systemd 252";; *) exit 1;;',
        (UNKNOWN, UNKNOWN, UNKNOWN),
        "verify exited with 1: without a word",
    ),
    "it dies": ('--version) echo "systemd 252";; *) kill -9 $$;;', (UNKNOWN, UNKNOWN, UNKNOWN), "ended by signal 9"),
    "security says nothing and is content": (
        f'--version) echo "systemd 252";; {CALENDARS} *) exit 0;;',
        (HOLDS, HOLDS, UNKNOWN),
        "",
    ),
}


@pytest.mark.parametrize("name", STAND_INS)
def test_no_answer_is_never_a_pass(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, expected, reason = STAND_INS[name]
    program = tmp_path / "systemd-analyze"
    program.write_text(f'#!/bin/sh\ncase "$1" in\n{text}\nesac\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    found = asked(small(), 10)
    assert outcomes(found) == expected
    assert reason in found.verify.reason
    assert found.outcome is UNKNOWN


@real
def test_a_fleet_of_nothing() -> None:
    files = {
        name: text.encode() for name, text in SMALL.items() if name in ("fleet.toml", "hosts.toml", "externals.toml")
    }
    found = asked(declare(files, read_templates(None), "", None))
    assert (found.units, outcomes(found)) == ((), (UNKNOWN, HOLDS, UNKNOWN))
    assert "no service was rated" in found.security.reason


@real
@pytest.mark.parametrize(
    ("order", "way"),
    [
        ('before = ["sysinit.target"]', "sysinit.target"),
        ('before = ["local-fs.target"]', "local-fs.target"),
        ('after = ["api"]\nbefore = ["api"]', "small-api.service"),
    ],
)
def test_an_order_that_cannot_be_kept(order: str, way: str) -> None:
    service = SMALL["services/feed.toml"] + f"\n[order]\n{order}\n"
    found = asked(declare(changed(services__feed=service), read_templates(None), "", None))
    assert found.verify.outcome is BROKEN
    assert {each.unit for each in found.messages} <= {"small-feed.service", "small-api.service"}
    assert all("ordering cycle" in each.what and way in each.what for each in found.messages)
    assert all(str(each.declared) == f"services/{each.unit[6:10].rstrip('.')}.toml:1" for each in found.messages)


@real
def test_a_circle_through_a_target_that_pulls_it_in() -> None:
    service = SMALL["services/feed.toml"].replace('target = "core"\n', 'install = { wanted_by = ["sockets.target"] }\n')
    found = asked(declare(changed(services__feed=service), read_templates(None), "", None))
    assert [each.unit for each in found.messages] == ["small-feed.service"]
    assert "sockets.target after small-feed.service" in found.messages[0].what


@real
@pytest.mark.parametrize(("instances", "threshold", "outcome"), [('["b", "c"]', None, HOLDS), ("[]", 1.0, BROKEN)])
def test_a_template_is_weighed_by_an_instance(instances: str, threshold: float | None, outcome: Outcome) -> None:
    worker = f"""\
summary = "Worker %i"
state = "running"
unit = "small-worker@.service"
instances = {instances}
run = {{ kind = "command", argv = ["/usr/bin/worker", "%i"] }}
"""
    found = asked(declare(changed(services__worker=worker), read_templates(None), "", None), threshold)
    (weighed,) = [each for each in found.exposures if "worker" in each.unit]
    assert (weighed.unit, weighed.outcome, str(weighed.declared)) == (
        "small-worker@.service",
        outcome,
        "services/worker.toml:1",
    )
    assert weighed.exposure


@real
def test_a_message_about_an_instance_is_its_templates() -> None:
    worker = """\
summary = "Worker %i"
state = "running"
type = "dbus"
unit = "small-worker@.service"
instances = ["b"]
run = { kind = "command", argv = ["/usr/bin/worker", "%i"] }
"""
    found = asked(declare(changed(services__worker=worker), read_templates(None), "", None))
    assert {each.unit for each in found.messages if each.unit} == {"small-worker@.service"}
    assert found.verify.outcome is BROKEN


SWEEP_OF_INSTANCES = SWEEP.replace("Sweep", "Sweep %i", 1)
TIMERS_OF_INSTANCES = """["sweep@"]
summary = "Sweeps %i"
service = "sweep@"
specifiers = true
on_calendar = ["%i"]
"""


@real
@pytest.mark.parametrize(
    ("instances", "calendars"),
    [
        ("", {("small-sweep@.timer", "daily", HOLDS)}),
        ('install.default_instance = "Mon"', {("small-sweep@.timer", "Mon", HOLDS)}),
        (
            'instances = ["hourly", "nonsense"]',
            {("small-sweep@hourly.timer", "hourly", HOLDS), ("small-sweep@nonsense.timer", "nonsense", BROKEN)},
        ),
    ],
)
def test_a_template_is_verified_as_its_instances(instances: str, calendars: set[tuple[str, str, Outcome]]) -> None:
    """A template itself has no time to run at: `OnCalendar=%i`."""
    files = changed(timers=TIMERS_OF_INSTANCES + instances, **{"services__sweep@": SWEEP_OF_INSTANCES})
    found = asked(declare(files, read_templates(None), "", None))
    assert {(each.timer, each.expression, each.outcome) for each in found.calendars} == calendars
    expected = BROKEN if "nonsense" in instances else HOLDS
    assert outcomes(found) == (expected, expected, HOLDS)
    assert {each.unit for each in found.messages} <= {"small-sweep@.timer"}


@real
def test_a_template_of_sockets_is_verified_as_an_instance() -> None:
    sockets = """["api@"]
summary = "API %i"
service = "feed"
specifiers = true
listen = ["stream 127.0.0.1:910%i"]
"""
    found = asked(declare(changed(sockets=sockets), read_templates(None), "", None))
    assert (found.verify.outcome, found.messages) == (HOLDS, ())
