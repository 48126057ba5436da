"""Figures of one audit that are no ratio: CPU here, processes there, checks a second, size of the evidence."""

import gc
import gzip
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from qtctl.__main__ import be_quick
from qtctl.adapters.files import read_registry, read_templates
from qtctl.audit.judge import judge
from qtctl.collect.document import load
from qtctl.flows.declare import declare
from qtctl.lab import lab
from qtctl.meaning.systemd_needed import find_systemd_needed
from qtctl.model.desired import Desired
from qtctl.model.evidence import Evidence
from qtctl.rules.loaded_units import list_loaded_units
from tests.bench.host import Bench
from tests.bench.timing import Timed

ROUNDS = 20
LAST_PID = "read -r _ _ _ _ last </proc/loadavg; echo $last"


@dataclass(frozen=True, slots=True)
class Figure:
    """`aim`: at most, or with `least` at least; None for none."""

    what: str
    here: float
    aim: float | None
    least: bool = False

    @property
    def missed(self) -> bool:
        return self.aim is not None and (self.here < self.aim if self.least else self.here > self.aim)


def measure_figures(bench: Bench, folder: Path, audits: Timed) -> list[Figure]:
    saved = folder / "evidence.json"
    started = _processes(bench, bench.qtctl("audit", "--host", bench.name, "--save", str(saved), "--format", "json"))
    return [
        Figure("CPU of an audit here, ms", median(audits.cpu) * 1000, 450),
        Figure("processes that an audit starts on the host", started, None),
        Figure("rules alone, checks a second", _checks_a_second(bench, saved), 100_000, least=True),
        Figure("evidence, gzip, KB", len(gzip.compress(saved.read_bytes(), 9)) / 1000, 60),
    ]


def figures_table(figures: Sequence[Figure]) -> str:
    rows = [f"| {each.what} | {each.here:.0f} | {_aim(each)} |" for each in figures]
    load = os.getloadavg()[0]
    return "\n".join(["| figure | here | aim |", "|---|--:|--:|", *rows, "", f"load of the machine: {load:.1f}", ""])


def missed_figures(figures: Sequence[Figure]) -> list[str]:
    return [f"{each.what}: {each.here:.0f}, {_aim(each)}" for each in figures if each.missed]


def _aim(figure: Figure) -> str:
    if figure.aim is None:
        return ""
    return f"{'at least' if figure.least else 'at most'} {figure.aim:.0f}"


def _processes(bench: Bench, audit: Sequence[str]) -> int:
    """By the last process id in the host's own namespace: sshd's and the login's are among them."""
    before = _last_pid(bench)
    subprocess.run(audit, env=bench.env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return _last_pid(bench) - before - 1


def _last_pid(bench: Bench) -> int:
    return int(lab.execute(bench.name, ["sh", "-c", LAST_PID]).stdout)


def _checks_a_second(bench: Bench, saved: Path) -> float:
    """The best of some rounds. What is expected is made once, as an audit has it from what it asked."""
    be_quick()
    gc.collect()
    desired = declare(read_registry(bench.registry), read_templates(None), bench.name, None).desired
    desired = replace(desired, loaded=list_loaded_units(desired), needs_systemd=find_systemd_needed(desired))
    evidence = load(saved.read_text("utf-8"), saved.name)
    return max(_rate(desired, evidence) for _ in range(ROUNDS))


def _rate(desired: Desired, evidence: Evidence) -> float:
    began = time.process_time()
    checks = judge(desired, evidence)
    return len(checks) / (time.process_time() - began)
