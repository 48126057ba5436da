"""python -m tests.bench.replayed ARGUMENT...: qtctl with these arguments, for several hosts, which are replayed.

Each host answers with the evidence in the file that BENCH_EVIDENCE names, after the delay of a network, BENCH_DELAY_S.
Everything else is the command's own: engine, workers, judging, report.
"""

import os
import time
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path

from qtctl.__main__ import be_quick
from qtctl.api import fleet
from qtctl.cli.main import run
from qtctl.collect.document import load
from qtctl.engines.events import tell
from qtctl.fleet.audit import examine_hosts
from qtctl.fleet.examine import Examination, HostResult, report_on
from qtctl.model.events import Stage, begun
from qtctl.model.evidence import Evidence
from qtctl.model.inquiry import Inquiry

PATH, DELAY = "BENCH_EVIDENCE", "BENCH_DELAY_S"


def _read() -> Evidence | None:
    """When the process that all workers are forked from imports this: read once."""
    path = os.environ.get(PATH)
    return load(Path(path).read_text(), path) if path else None


SAVED = _read()


def examine_replayed(task: Examination) -> HostResult:
    """What `fleet.examine` gives back for a host that answers as the saved one did."""
    return report_on(task, partial(_wait_and_answer, task))


def _wait_and_answer(task: Examination, inquiry: Inquiry) -> Evidence:
    assert SAVED is not None
    delay_s = float(os.environ[DELAY]) / 2
    for stage in (Stage.CONNECT, Stage.COLLECT):
        tell(begun(task.target, stage))
        time.sleep(delay_s)
    return replace(SAVED, host=inquiry.host, address=task.target)


def main() -> None:
    be_quick()
    vars(fleet).update(
        JUDGING=(*fleet.JUDGING, "tests.bench.replayed"), examine_hosts=partial(examine_hosts, work=examine_replayed)
    )
    run()


if __name__ == "__main__":
    import_module("tests.bench.replayed").main()  # workers know its functions by this name
