"""python -m tests.bench.history [ROUNDS]: the size of a snapshot, and how long comparing takes, as whole processes.

A fleet of fifty services on one host, for ten years: 120 monthly snapshots, each with a change.
Exit 1 where a figure is over its aim. Best of ROUNDS: a busy machine slows each of them.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from qtctl.adapters.files import read_templates
from qtctl.adapters.snapshot_folder import SnapshotFolder
from qtctl.flows.audit import judge_placed
from qtctl.flows.declare import declare
from qtctl.history.archive import pack, unpack
from qtctl.history.columns import fold
from qtctl.history.take import build_inventory
from qtctl.model.snapshot import Attachments, Inventory, Row, RowKind, Snapshot, Stored
from qtctl.reports.module_registry import build_report, to_json
from tests.bench.figures import Figure, figures_table, missed_figures
from tests.builders.reported import FILES, evidence
from tests.history.year import HOST, head

SERVICES, MONTHS, ROUNDS = 50, 120, 5


def fifty() -> tuple[Inventory, dict[str, str]]:
    """What a host with fifty services has, and the registry that says so."""
    files = {path: text for path, text in FILES.items() if not path.startswith(("services/", "timers"))}
    for number in range(SERVICES):
        said = FILES["services/feed.toml"].replace("small.feed", f"small.s{number}")
        files[f"services/s{number}.toml"] = f'{said}\n[ports.http]\nlisten = "127.0.0.1:{9000 + number}"\n'
    loaded = declare({path: text.encode() for path, text in files.items()}, read_templates(None), "box", None)
    findings = judge_placed(loaded, evidence())
    modules = json.loads(to_json(build_report(loaded.desired, evidence(), findings)))
    return build_inventory(loaded.desired, evidence(), modules, findings, "0.1.0"), files


def change(inventory: Inventory, month: int) -> Inventory:
    """One service stops, and one port changes hands."""
    rows: dict[RowKind, dict[str, Row]] = {kind: dict(those) for kind, those in inventory.rows.items()}
    services, ports = rows[RowKind.SERVICE], rows[RowKind.PORT]
    name, port = sorted(services)[month % len(services)], sorted(ports)[month % len(ports)]
    services[name] = {**services[name], "state": "stopped" if month % 2 else "running"}
    ports[port] = {**ports[port], "service": name}
    return Inventory(rows, inventory.covers)


def fill(store: SnapshotFolder) -> int:
    """The size of the last."""
    inventory, files = fifty()
    content = b""
    for month in range(MONTHS):
        inventory = change(inventory, month)
        taken = f"{2016 + month // 12}-{month % 12 + 1:02d}-01T00:05:00.000Z"

        def build(
            before: Snapshot | None, inventory: Inventory = inventory, taken: str = taken
        ) -> tuple[Snapshot, Stored]:
            nonlocal content
            number = before.head.number + 1 if before else 1
            told = head(number=number, previous=before.digest if before else "", taken_at=taken)
            _, content = pack(told, inventory, Attachments(fold(evidence()), files))
            return unpack(content, "made"), Stored("", content)

        store.append(HOST, build)
    return len(content)


def best(rounds: int, store: str, *argv: str) -> float:
    """Seconds of the whole process, and of its CPU where that is less: others may have the machine."""
    found = []
    for _ in range(rounds):
        before, started = os.times(), time.monotonic()
        subprocess.run([sys.executable, "-m", "qtctl", *argv, "--store", store], stdout=subprocess.DEVNULL, check=True)
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        found.append((time.monotonic() - started, cpu))
    return min(min(each) for each in found)


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory(prefix="qtctl-bench-") as folder:
        size = fill(SnapshotFolder(Path(folder)))
        figures = [
            Figure("snapshot of 50 services, KB", size / 1000, 60),
            Figure("diff of two, ms", best(rounds, folder, "snapshot", "diff", "1", "120") * 1000, 300),
            Figure("evolution over 120, ms", best(rounds, folder, "evolution", "all") * 1000, 3000),
        ]
    sys.stdout.write(figures_table(figures))
    return 1 if missed_figures(figures) else 0


if __name__ == "__main__":
    sys.exit(main())
