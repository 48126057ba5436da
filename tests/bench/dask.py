"""python -m tests.bench.dask [HOSTS]: how much faster two Dask workers audit a fleet than one.

Each host is replayed: a server on this machine sends recorded evidence after a delay, as a host does that is asked over
a network; the worker reads it, judges it and reports. Scheduler and workers are real, with `THREADS` threads each.
Exit 1 if two workers are less than `AIM` times as fast as one.
"""

import pickle
import resource
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from qtctl.adapters.files import locate_shipped, read_registry, read_templates
from qtctl.collect.document import load as load_evidence
from qtctl.engines.dask import Dask
from qtctl.engines.inline import Inline
from qtctl.engines.repeatable import repeatable
from qtctl.engines.scheduler import parse_engine
from qtctl.fleet.audit import examine_hosts, plan_examinations
from qtctl.fleet.basis import Basis, make_basis
from qtctl.fleet.examine import Examination, HostResult, Judging, report_on
from qtctl.model.evidence import Evidence
from qtctl.model.inquiry import Inquiry
from qtctl.registry.load import load
from tests.engines.dask_cluster import Cluster, cluster
from tests.fleet.fleets import write_fleet_of

HOSTS = 24
DELAY_S = 4.0
THREADS = 2
"""Few, and a long delay: on one machine, both workers have the same processors."""
AIM = 1.7
RECORDED = locate_shipped("recorded") / "evidence.json"


@repeatable
def replay(task: Examination) -> HostResult:
    """As `examine`, of a host that the server at the port in `task.user` stands in for."""
    return report_on(task, lambda inquiry: _ask(inquiry, int((task.user or "p0")[1:])))


def _ask(inquiry: Inquiry, port: int) -> Evidence:
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile() as sent:
        return replace(load_evidence(sent.read(), RECORDED.name), host=inquiry.host)


@contextmanager
def serve() -> Iterator[int]:
    """A server that sends the evidence to whoever connects, after the delay; its port."""
    content = RECORDED.read_bytes()
    listening = socket.create_server(("127.0.0.1", 0), backlog=256)

    def answer(connection: socket.socket) -> None:
        with connection:
            time.sleep(DELAY_S)
            connection.sendall(content)

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.close()


def make_fleet(hosts: int) -> Basis:
    names = [f"host-{number:05}" for number in range(hosts)]
    files = write_fleet_of(read_registry(locate_shipped("registry")), names)
    return make_basis(load(files), files, read_templates(None))


def audit(basis: Basis, port: int, found: Cluster) -> tuple[float, list[HostResult]]:
    """Seconds from the first host that is judged to the last, and the results."""
    scheduler = parse_engine(found.address)
    assert scheduler is not None
    tasks = plan_examinations(basis, tuple(basis.registry.hosts), Judging(), user=f"p{port}")
    with Dask(scheduler).connect() as engine:
        ahead, results, began = engine.at_once, [], 0.0
        for result in examine_hosts(engine, basis, tasks, ahead=ahead, work=replay, reporter=Inline()):
            began = began or time.monotonic()
            if not result.reached:
                raise SystemExit(f"{result.target}: {result.report.unknowns[0].reason}")
            results.append(result)
        return time.monotonic() - began, results


def main() -> int:
    hosts = int(sys.argv[1]) if len(sys.argv) > 1 else HOSTS
    basis = make_fleet(hosts)
    speeds = []
    with tempfile.TemporaryDirectory(prefix="qtctl-bench-") as folder, serve() as port:
        for names in (("one",), ("one", "other")):
            with cluster(Path(folder) / str(len(names)), *names, threads=THREADS) as found:
                took, results = audit(basis, port, found)
            speeds.append((hosts - 1) / took)
            sys.stdout.write(f"{len(names)} worker(s), {THREADS} threads each: {speeds[-1]:.2f} hosts a second\n")
    sizes = [len(pickle.dumps(result)) for result in results]
    spent = resource.getrusage(resource.RUSAGE_SELF)
    sys.stdout.write(
        f"registry {len(pickle.dumps(basis)) / 1e6:.2f} MB once per worker · "
        f"evidence {RECORDED.stat().st_size / 1e3:.0f} KB and result {sum(sizes) / hosts / 1e3:.0f} KB from each host\n"
        f"caller: {(spent.ru_utime + spent.ru_stime) / (2 * hosts) * 1e3:.0f} ms of CPU per host, start included,"
        f" {spent.ru_maxrss / 1024:.0f} MB\n"
        f"two workers: {speeds[1] / speeds[0]:.2f} times one (aim {AIM})\n"
    )
    return int(speeds[1] / speeds[0] < AIM)


if __name__ == "__main__":
    # By its own name: workers have no such __main__.
    from tests.bench import dask  # noqa: PLW0406

    sys.exit(dask.main())
