"""Timers that run qtctl are like any other: linted, rendered, taken by systemd; late and failing runs are findings."""

import re
import shutil
import subprocess
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qtctl.adapters.files import read_registry, read_templates
from qtctl.api import schedule as api
from qtctl.audit.judge import judge
from qtctl.errors import InputError
from qtctl.findings.finding import Outcome
from qtctl.flows.declare import Loaded, declare
from qtctl.flows.lint import lint
from qtctl.model.evidence import Item
from qtctl.model.facts import Unit
from qtctl.model.selection import HostSelection
from qtctl.scaffold.schedules import WORK, Job, Schedule, list_files
from tests.builders import reported

ROOT = Path(__file__).parent.parent.parent
ITSELF, EVERY = HostSelection(), HostSelection(every=True)
PLACES = {
    Job.AUDIT: "",
    Job.SNAPSHOT: "/var/lib/qtctl-snapshots",
    Job.METRICS: "/var/lib/prometheus/node-exporter/qtctl.prom",
    Job.NOTIFY: "/var/lib/qtctl-notify/notify.json",
}


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "registry", tmp_path / "registry"))


def add(folder: Path, host: str, wanted: HostSelection = EVERY) -> None:
    for job in Job:
        schedule = Schedule(job, host, wanted, place=PLACES[job])
        api.write(folder, api.plan(folder, schedule))


def declared(folder: Path) -> Loaded:
    return declare(read_registry(folder), read_templates(None), "", None)


def test_lint_finds_no_more_than_before_and_all_is_rendered(registry: Path) -> None:
    host = declared(registry).desired.host

    def list_ids() -> list[str]:
        findings = lint(read_registry(registry), read_templates(None)).findings
        return sorted(each.id for each in findings if each.outcome is Outcome.BROKEN)

    before = list_ids()
    add(registry, host)
    assert list_ids() == before
    texts = {each.path.rpartition("/")[2]: each.content.decode() for each in declared(registry).desired.files}
    for job in Job:
        service, timer = (texts[f"quantum-qtctl-{job.value}.{kind}"] for kind in ("service", "timer"))
        assert "Type=oneshot" in service
        assert f"ExecStart=/usr/local/bin/qtctl {' '.join(WORK[job].command)} --all-hosts" in service
        assert f"OnCalendar={WORK[job].when}" in timer
    good = re.findall(r"^SuccessExitStatus=(.*)$", texts["quantum-qtctl-audit.service"], re.MULTILINE)
    assert " ".join(good).split() == ["1", "3"]
    assert "SuccessExitStatus" not in texts["quantum-qtctl-notify.service"], "a doubtful notification is a failed run"
    assert "StateDirectory=qtctl-notify" in texts["quantum-qtctl-notify.service"]
    assert "ReadWritePaths=/var/lib/prometheus/node-exporter" in texts["quantum-qtctl-metrics.service"]


def test_systemd_takes_them(registry: Path, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    assert analyze
    add(registry, declared(registry).desired.host)
    names = []
    for each in declared(registry).desired.files:
        name = each.path.rpartition("/")[2]
        if re.fullmatch(r"quantum-qtctl-\w+\.(service|timer)", name):
            text = each.content.decode().replace("/usr/local/bin/qtctl", "/bin/true")
            (tmp_path / name).write_text(re.sub(r"^(User|Group|EnvironmentFile)=.*\n", "", text, flags=re.MULTILINE))
            names.append(str(tmp_path / name))
    assert len(names) == 2 * len(Job)
    ran = subprocess.run([analyze, "verify", *names], capture_output=True, text=True, check=False)
    assert [line for line in ran.stderr.splitlines() if "quantum-qtctl" in line and "not found" not in line] == []


def test_on_a_host_itself_it_asks_without_ssh(registry: Path) -> None:
    host = declared(registry).desired.host
    text = api.plan(registry, Schedule(Job.AUDIT, host, ITSELF))["services/qtctl-audit.toml"]
    assert tomllib.loads(text)["run"]["argv"][2:6] == ["--host", "local", "--as", host]


def test_a_second_time_it_is_refused(registry: Path) -> None:
    schedule = Schedule(Job.AUDIT, declared(registry).desired.host, EVERY)
    api.write(registry, api.plan(registry, schedule))
    with pytest.raises(InputError, match=r"services/qtctl-audit\.toml exists already"):
        api.plan(registry, schedule)


WRONG: dict[str, dict[str, Any]] = {
    "a host that is not declared": {"on": "nowhere"},
    "a calendar": {"when": "every day\nUser=x"},
    "a program": {"program": "qtctl"},
    "an account": {"account": "ro ot"},
    "a registry there": {"registry": "registry"},
    "a relative store": {"job": Job.SNAPSHOT, "place": "st"},
    "a relative file of metrics": {"job": Job.METRICS, "place": "t.prom"},
    "a URL where a file belongs": {"job": Job.METRICS, "place": "unix://t.prom"},
    "a relative state": {"job": Job.NOTIFY, "place": "s.json", "options": ("--channels", "/etc/qtctl/notify.toml")},
    "relative channels": {"job": Job.NOTIFY, "place": "/var/lib/s.json", "options": ("--channels", "ch.toml")},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_would_be_misread_is_refused_and_nothing_is_written(registry: Path, name: str) -> None:
    schedule = Schedule(Job.AUDIT, declared(registry).desired.host, EVERY)
    before = read_registry(registry)
    with pytest.raises(InputError):
        api.plan(registry, replace(schedule, **WRONG[name]))
    assert read_registry(registry) == before


@pytest.mark.parametrize(
    ("on", "wanted", "said"),
    [
        (
            "quantumtrader-prod-2",
            ITSELF,
            "--on 'quantumtrader-prod-2' is not a host of the registry (did you mean quant",
        ),
        ("lab1", ITSELF, "--on 'lab1' is not a host of the registry (hosts.toml has quantumtrader-prod-1)"),
        ("@web", ITSELF, "--on '@web' is not a host of the registry"),
        ("quantum*", ITSELF, "--on 'quantum*' is not a host of the registry"),
        ("", HostSelection(("@web",)), "no host of the registry carries the tag web (no host has a tag)"),
        ("", HostSelection(("web-*",)), "no host of the registry matches web-*"),
        ("", HostSelection(every=True, exclude=("*",)), "no host is selected: all of them are excluded"),
        ("", HostSelection(("elsewhere",)), ""),
    ],
)
def test_hosts_that_are_not_there_are_refused_by_the_option(
    registry: Path, on: str, wanted: HostSelection, said: str
) -> None:
    schedule = Schedule(Job.AUDIT, on or declared(registry).desired.host, wanted)
    if not said:
        assert api.plan(registry, schedule)
        return
    with pytest.raises(InputError) as wrong:
        api.plan(registry, schedule)
    assert said in str(wrong.value)


def test_a_store_may_be_a_url(registry: Path) -> None:
    store = "redis://127.0.0.1:6379/0"
    schedule = Schedule(Job.SNAPSHOT, declared(registry).desired.host, EVERY, place=store)
    service = tomllib.loads(list_files(schedule)["services/qtctl-snapshot.toml"])
    assert service["run"]["argv"][-2:] == ["--store", store]


@pytest.mark.parametrize("place", ['/var/lib/x"\nExecStart=/bin/sh', "/srv/a\nUser=root", "/var/lib/%h\n[Service]"])
def test_a_path_adds_no_directive(registry: Path, place: str) -> None:
    schedule = Schedule(Job.SNAPSHOT, declared(registry).desired.host, EVERY, place=place)
    try:
        api.write(registry, api.plan(registry, schedule))
    except InputError:
        return
    texts = {each.path.rpartition("/")[2]: each.content.decode() for each in declared(registry).desired.files}
    lines = texts["quantum-qtctl-snapshot.service"].splitlines()
    assert sum(line.startswith("ExecStart=") for line in lines) == 1
    assert sum(line.startswith("User=") for line in lines) == 1


LATE_US = 3_600_000_000


def test_late_and_failing_runs_are_findings(tmp_path: Path) -> None:
    for path, text in reported.FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    add(tmp_path, "box")
    desired = declared(tmp_path).desired

    def find(timer: Unit, service: Unit) -> set[tuple[str, str]]:
        items: list[Item] = [*reported.ITEMS]
        for job in Job:
            items += [reported.seen(f"q-qtctl-{job}.timer", timer), reported.seen(f"q-qtctl-{job}.service", service)]
        checks = judge(desired, reported.evidence(tuple(items)))
        broken = (each for each in checks if each.outcome is Outcome.BROKEN and "qtctl-" in each.subject)
        return {(each.id, each.subject) for each in broken}

    waiting = Unit(
        "loaded", "active", "waiting", "enabled", next_elapse_usec_realtime=reported.TAKEN_US + LATE_US,
        next_elapse_usec_monotonic=2**64 - 1, last_trigger_usec=reported.TAKEN_US - LATE_US,
    )  # fmt: skip
    done = Unit("loaded", "inactive", "dead", "static")
    good = find(waiting, done)
    late = find(replace(waiting, next_elapse_usec_realtime=reported.TAKEN_US - LATE_US), done)
    failed = find(waiting, replace(done, active_state="failed", sub_state="failed"))
    stopped = find(replace(waiting, active_state="inactive", sub_state="dead"), done)
    for job in Job:
        assert ("QT215", f"q-qtctl-{job}.timer") in late - good
        assert ("QT204", f"q-qtctl-{job}.service") in failed - good
        assert ("QT219", f"q-qtctl-{job}.timer") in stopped - good
