"""python -m tests.bench.fleet [REPLAYED... | lab]: what audits of many hosts cost.

First hosts that are replayed (1,000 and 5,000 of them, or as many as are named): time, CPU and memory of the command
with all of its workers. Then, as root where the lab boots, eight lab hosts of the shipped registry: an audit of all of
them beside eight raw `ssh` commands in parallel that read the same, and the CPU of an audit of a hundred hosts beyond
that of starting (the eight hosts under several names each). Exit 1 where an aim is missed.
"""

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from qtctl.adapters.files import locate_shipped, read_registry
from qtctl.lab import lab
from qtctl.registry.load import load
from qtctl.resolve.resolve import resolve, stands_in
from qtctl.stage.lab import make_lab_tree
from tests.bench.__main__ import SHOWN
from tests.bench.figures import Figure, figures_table, missed_figures
from tests.bench.host import AUDITOR, ROOT
from tests.fleet.fleets import write_fleet_of
from tests.machine import own_lab

REPLAYED = (1_000, 5_000)
DELAY_S = 1.0
"""Of a replayed host, connecting included: an audit over a network of some 30 ms takes about a second."""
LAB_HOSTS = 8
EXAMINED = 100
SAMPLE_S = 0.25
MIB = 1 << 20
MEMORY_MIB = 300
GROWTH = 1.15
"""What more hosts may take, compared with as many times the time and memory of fewer."""
RAW = f"systemctl show 'quantum-*' -p {SHOWN}; ss -H -lntu --cgroup; sha256sum /etc/systemd/system/quantum-*"


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds, and bytes at the most. `peak`: of the command and all its workers, each shared page counted once."""

    wall_s: float
    cpu_s: float
    peak: int


def measure(argv: Sequence[str], env: Mapping[str, str]) -> Cost:
    """Run a command to its end; findings (exit 1 and 3) are no failure."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(argv, env=dict(env), stdout=subprocess.DEVNULL, stderr=said)
        ended, peak = threading.Event(), [0]
        watcher = threading.Thread(target=_watch, args=(process.pid, ended, peak))
        watcher.start()
        _, status, used = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - began
        ended.set()
        watcher.join()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 1, 3):
            said.seek(0)
            raise SystemExit(f"{' '.join(argv)}: exit {process.returncode}\n{said.read().decode()[-3000:]}")
    return Cost(wall_s, used.ru_utime + used.ru_stime, peak[0])


def _watch(pid: int, ended: threading.Event, peak: list[int]) -> None:
    while not ended.wait(SAMPLE_S):
        peak[0] = max(peak[0], sum(map(_measure_memory, _list_tree(pid))))


def _list_tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task").glob("*/children")
        for child in {int(each) for file in children for each in file.read_text().split()}:
            yield from _list_tree(child)
    except OSError:
        return


def _measure_memory(pid: int) -> int:
    """Bytes; a page that n processes share counts as an nth in each."""
    try:
        found = re.search(r"^Pss: +([0-9]+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def make_env(cache: Path, registry: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "QTCTL_KEEP": str(cache / "kept"), "QTCTL_REGISTRY": str(registry)}


def write_registry(folder: Path, names: Sequence[str]) -> Path:
    for path, content in write_fleet_of(read_registry(ROOT / "registry"), names).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def measure_replayed(folder: Path, hosts: int) -> Cost:
    registry = write_registry(folder / f"registry-{hosts}", [f"web-{number}" for number in range(hosts)])
    env = make_env(folder, registry) | {
        "BENCH_EVIDENCE": str(locate_shipped("recorded") / "evidence.json"),
        "BENCH_DELAY_S": str(DELAY_S),
    }
    return measure([sys.executable, "-m", "tests.bench.replayed", "audit", "--all-hosts", "--format", "table"], env)


def list_replayed_figures(counts: Sequence[int]) -> list[Figure]:
    found: list[Figure] = []
    costs: dict[int, Cost] = {}
    with tempfile.TemporaryDirectory(prefix="qtctl-bench-") as name:
        for hosts in counts:
            cost = costs[hosts] = measure_replayed(Path(name), hosts)
            aim = MEMORY_MIB if hosts == REPLAYED[0] else None
            found += [
                Figure(f"{hosts:,} replayed hosts, s", cost.wall_s, None),
                Figure(f"{hosts:,} replayed hosts, CPU for each, ms", cost.cpu_s * 1000 / hosts, None),
                Figure(f"{hosts:,} replayed hosts, memory, MiB", cost.peak / MIB, aim),
            ]
    few, many = costs[counts[0]], costs[counts[-1]]
    if len(counts) > 1:
        times = counts[-1] / counts[0]
        found += [
            Figure(f"time of {counts[-1]:,} / {counts[0]:,}, %", many.wall_s / few.wall_s * 100, GROWTH * times * 100),
            Figure(f"memory of {counts[-1]:,} / {counts[0]:,}, %", many.peak / few.peak * 100, GROWTH * times * 100),
        ]
    return found


@contextmanager
def deployed_hosts(folder: Path) -> Iterator[dict[str, str]]:
    """Lab hosts that are as their registry declares; the environment for commands that look at them."""
    names = [f"qtfleet{number}" for number in range(1, LAB_HOSTS + 1)]
    registry = write_registry(folder / "registry", names)
    env = make_env(folder, registry)
    declared = load(read_registry(registry))
    host = declared.hosts[names[0]]
    with own_lab(folder / "lab"):
        env["QTCTL_STATE"] = os.environ["QTCTL_STATE"]
        tree = make_lab_tree(
            resolve(declared, stands_in(declared, names[0])), audit_user=host.audit_user, deploy_user=host.deploy_user
        )
        try:
            lab.up(names, tree, stands_for=names[0], progress=lambda _: None)
            for name in names:
                deploy = [sys.executable, "-m", "qtctl", "deploy", "--host", name, "--yes", "--steady", "1"]
                done = subprocess.run(deploy, env=env, capture_output=True, text=True, check=False)
                if done.returncode not in (0, 1):
                    raise SystemExit(f"deploy to {name}: exit {done.returncode}\n{done.stderr[-2000:]}")
            env["BENCH_SSH_CONFIG"] = str(lab.write_ssh_config())
            yield env
        finally:
            lab.down([name for name in names if (folder / "lab" / "hosts" / name).exists()] or names)


def run_raw(env: Mapping[str, str]) -> float:
    """Seconds for one `ssh` command for each lab host, all at the same time."""
    began = time.monotonic()
    running = [
        subprocess.Popen(
            ["ssh", "-F", env["BENCH_SSH_CONFIG"], "-l", AUDITOR, f"qtfleet{number}", RAW],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for number in range(1, LAB_HOSTS + 1)
    ]  # fmt: skip
    for process in running:
        process.wait()
    return time.monotonic() - began


def list_live_figures() -> list[Figure]:
    audit = [sys.executable, "-m", "qtctl", "audit", "--format", "json"]
    raw, all_, one = [], [], []
    with tempfile.TemporaryDirectory(prefix="qtctl-bench-") as name, deployed_hosts(Path(name)) as env:
        for number in range(-(-EXAMINED // LAB_HOSTS) + 1):
            taken = run_raw(env), measure([*audit, "--all-hosts"], env), measure([*audit, "--host", "qtfleet1*"], env)
            if number:  # the first one warms up
                raw.append(taken[0])
                all_.append(taken[1])
                one.append(taken[2])
    raw_s, all_s = median(raw), median(each.wall_s for each in all_)
    further = median((many.cpu_s - single.cpu_s) / (LAB_HOSTS - 1) for many, single in zip(all_, one, strict=True))
    return [
        Figure(f"{LAB_HOSTS} raw ssh commands in parallel, ms", raw_s * 1000, None),
        Figure(f"audit of {LAB_HOSTS} hosts, ms", all_s * 1000, 1.5 * raw_s * 1000),
        Figure("audit of one host as a fleet, CPU here, ms", median(each.cpu_s for each in one) * 1000, None),
        Figure(f"CPU here for each further host, over {len(all_) * LAB_HOSTS} audits, ms", further * 1000, 120),
        Figure(f"memory of an audit of {LAB_HOSTS} hosts, MiB", max(each.peak for each in all_) / MIB, None),
    ]


def main(argv: Sequence[str]) -> int:
    counts = tuple(int(each) for each in argv if each.isdecimal()) or REPLAYED
    figures = [] if argv == ["lab"] else list_replayed_figures(counts)
    if not argv or "lab" in argv:
        figures += list_live_figures()
    sys.stdout.write(figures_table(figures))
    missed = missed_figures(figures)
    for what in missed:
        sys.stdout.write(f"over the aim: {what}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
