"""python -m tests.bench.rehearsal [ROUNDS]: how long a rehearsal of the shipped fleet takes, as a whole process.

The host has what the last commit declares. Five services get another environment, which the deploy changes; then every
failure, and the rollback. Needs root, and a lab whose root file system is built.
Exit 1 where a figure is over its aim. Best of ROUNDS: a busy machine slows each of them.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure, figures_table, missed_figures
from tests.live.box import ROOT

ROUNDS, AIM_S = 1, 60.0
HOST = "quantumtrader-prod-1"
CHANGED = ("ceo-brain", "portfolio-governance", "model-supervisor", "risk-brain", "position-monitor")
Env = dict[str, str]


def qtctl(folder: Path, env: Env, *argv: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "qtctl", *argv], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def git(folder: Path, *argv: str) -> None:
    who = ("-c", "user.name=ops", "-c", "user.email=ops@example.org")
    subprocess.run(["git", "-C", str(folder), *who, *argv], check=True, capture_output=True)


def take_evidence(folder: Path, env: Env) -> None:
    """What a lab host has on which the registry of the first commit was deployed."""
    shutil.copytree(ROOT / "registry", folder / "registry")
    git(folder, "init", "-q")
    git(folder, "add", "registry")
    git(folder, "commit", "-qm", "what the host has")
    for argv in (("lab", "up"), ("deploy", "--host", "lab1", "--yes", "--steady", "1")):
        done = qtctl(folder, env, *argv)
        assert done.returncode == 0, done.stderr
    audited = qtctl(folder, env, "audit", "--host", "lab1", "--save", "host.json")
    assert audited.returncode in (0, 1), audited.stderr
    qtctl(folder, env, "lab", "down")


def change(folder: Path) -> None:
    """Five services get a variable more, one of them no [env] of its own before."""
    for name in CHANGED:
        file = folder / f"registry/services/{name}.toml"
        text = file.read_text()
        line = 'REHEARSED = "yes"\n'
        file.write_text(text.replace("[env]\n", f"[env]\n{line}") if "[env]\n" in text else f"{text}\n[env]\n{line}")


def measure(folder: Path, env: Env) -> tuple[float, dict[str, Any]]:
    began = time.monotonic()
    done = qtctl(folder, env, "rehearse", "--host", HOST, "--evidence", "host.json", "--format", "json")
    took_s = time.monotonic() - began
    assert done.returncode in (0, 1, 3), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return took_s, report


def main(rounds: int) -> int:
    with tempfile.TemporaryDirectory() as where:
        folder = Path(where)
        kept = {"QTCTL_STATE": "lab", "QTCTL_KEEP": "kept", "QTCTL_TRAIL": "trail.jsonl"}
        env = {**os.environ, "PYTHONPATH": str(ROOT), **{name: str(folder / path) for name, path in kept.items()}}
        take_evidence(folder, env)
        change(folder)
        found = [measure(folder, env) for _ in range(rounds)]
    took_s, report = min(found, key=lambda each: each[0])
    sys.stdout.write(f"{report['conclusion']}, before: {report['before']}\n")
    for step in report["steps"]:
        if step["outcome"] != "holds" or step["kind"] != "kill":
            sys.stdout.write(f"{step['kind']:10} {step['outcome']:9} {step['took_s']} s  {step['said']}\n")
    figures = [Figure("rehearsal of the shipped fleet, s", took_s, AIM_S)]
    sys.stdout.write(figures_table(figures))
    return 1 if missed_figures(figures) else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
