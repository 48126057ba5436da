"""python -m tests.bench.registry [ROUNDS]: lint of 1,000 and 10,000 services, of 20,000 placements on 1,000 hosts, and
of the shipped registry as a process.

No host is needed. CPU is what is judged, the least of the rounds: others on the machine only add to it. Exit 1 where
something is over its aim.
"""

import gc
import sys
import tempfile
from pathlib import Path
from time import process_time

from qtctl.adapters.files import read_templates
from qtctl.flows.lint import lint
from tests.bench.host import environment
from tests.bench.timing import run
from tests.builders.registry import SMALL

ROUNDS = 5
ROOT = Path(__file__).parents[2]
FEW, MANY = 1_000, 10_000
AIMS = {
    f"{FEW} services, s": 2.0,
    f"{MANY} services / {FEW}": 13.0,
    "1000 hosts, 20000 placements, s": 10.0,
    "qtctl lint of the shipped registry, s": 0.5,
}

SERVICE = """\
summary = "Service {n}"
state = "running"
target = "t{group}"
env = {{ NAME = "service {n}" }}

[run]
kind = "uvicorn"
app = "small.s{n}:app"
port = "http"
venv = "v{group}"

[ports.http]
listen = "127.0.{high}.{low}:8000"
health = {{ path = "/health" }}

[order]
after = ["feed"]

[streams]
publishes = ["s:{n}"]
consumes = {{ "s:{before}" = {{ group = "s{n}" }} }}
"""
STREAM = '["s:{n}"]\ntype = "stream"\nmax_age = "60s"\n\n'
TARGET = '[t{n}]\nsummary = "Some of it"\nwithin = "core"\n\n'
VENV = '[v{n}]\npath = "/opt/small/v{n}"\n\n'
TOGETHER = 50
"""Services of one target and venv."""


def fleet(count: int) -> dict[str, bytes]:
    """A registry of so many services, each with a port, an environment and two streams."""
    groups = range(-(-count // TOGETHER))
    texts = {
        **SMALL,
        "streams.toml": SMALL["streams.toml"] + "".join(STREAM.format(n=n) for n in range(count)),
        "targets.toml": SMALL["targets.toml"] + "".join(TARGET.format(n=n) for n in groups),
        "venvs.toml": SMALL["venvs.toml"] + "".join(VENV.format(n=n) for n in groups),
    }
    for n in range(count):
        texts[f"services/s{n}.toml"] = SERVICE.format(
            n=n, before=max(n - 1, 0), group=n // TOGETHER, high=n // 250 + 1, low=n % 250 + 1
        )
    return {path: text.encode() for path, text in texts.items()}


HOSTS, PLACED = 1_000, 30
TAGS = ("web", "jobs", "db")
DEFAULTS = """\
["*"]
audit_user = "audit"
deploy_user = "ops"
cpus = 2

["@web"]
os = "Debian 12"

"""
HOST = """\
[h{n}]
address = "10.{high}.{low}.1"
memory = "{memory}G"
tags = ["{tag}", "r{rack}"]

"""
WORKER = """\
summary = "Worker {n}"
state = "running"
hosts = {hosts}
instances = ["1", "2"]
run = {{ kind = "command", argv = ["/usr/bin/worker"] }}

[on."@r{rack}".limits]
memory_max = "64M"
"""


def wide_fleet() -> dict[str, bytes]:
    """1,000 hosts of three tags, of forty racks and of two sizes; 20,000 placements. Each host stands there once."""
    hosts = (
        HOST.format(n=n, high=n // 250, low=n % 250, memory=4 + n % 2 * 4, tag=TAGS[n % 3], rack=n % 40)
        for n in range(HOSTS)
    )
    texts = {
        "hosts.toml": DEFAULTS + "".join(hosts),
        "fleet.toml": SMALL["fleet.toml"],
        "externals.toml": SMALL["externals.toml"],
    }
    for n in range(PLACED):
        placed = "[]" if n % 2 else f'["@{TAGS[n % 3]}"]'
        texts[f"services/w{n}.toml"] = WORKER.format(n=n, hosts=placed, rack=n % 40)
    return {path: text.encode() for path, text in texts.items()}


def linted(files: dict[str, bytes], templates: dict[str, str], rounds: int) -> float:
    """The least CPU seconds of a load, a rendering and a lint of all of it."""
    took = []
    for _ in range(rounds):
        gc.collect()
        begin = process_time()
        lint(files, templates)
        took.append(process_time() - begin)
    return min(took)


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    templates = read_templates(None)
    linted(fleet(10), templates, 1)
    few, many = linted(fleet(FEW), templates, rounds), linted(fleet(MANY), templates, max(1, rounds // 2))
    wide = linted(wide_fleet(), templates, 1)
    with tempfile.TemporaryDirectory(prefix="qtctl-bench-") as folder:
        env = environment(Path(folder), ROOT / "registry")
        whole = [run("qtctl lint", [sys.executable, "-m", "qtctl", "lint"], env)[1] for _ in range(rounds + 1)]
    figures = dict(zip(AIMS, (few, many / few, wide, min(whole)), strict=True))
    sys.stdout.write("| what | here | aim |\n|---|--:|--:|\n")
    sys.stdout.writelines(f"| {what} | {figure:.2f} | {AIMS[what]:g} |\n" for what, figure in figures.items())
    return 1 if any(figure > AIMS[what] for what, figure in figures.items()) else 0


if __name__ == "__main__":
    sys.exit(main())
