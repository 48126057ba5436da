"""Inputs that ask for far more work than they are long: each ends soon, in little memory, or is refused with a place.

How time grows with the input is measured by `python -m tests.bench.growth`; here each attack is a whole command.
"""

import re
import resource
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.bench.growing import PRODUCTS
from tests.builders.registry import SMALL
from tests.cli.world import PROGRAM, build, environment
from tests.fuzz.registries import unpack

SECONDS = 45
"""Wall; on an idle machine each takes less than two."""
MEMORY = 1_500_000_000
API = "registry/services/api.toml"
COMPOSE = "docker-compose.yml"


@dataclass(frozen=True)
class Attack:
    """`files` are written over a good folder; `says` is in what the command prints, all on a line of its own."""

    files: Callable[[], dict[str, str]]
    argv: tuple[str, ...]
    code: int
    says: str


def _registry(name: str, count: int) -> Callable[[], dict[str, str]]:
    """What the growth benchmark measures, of this size."""
    return lambda: {f"registry/{path}": text.decode() for path, text in unpack(PRODUCTS[name][1](count)).items()}


def _api(more: str) -> Callable[[], dict[str, str]]:
    run = '[run]\nkind = "command"\n'
    return lambda: {API: f'summary = "x"\nstate = "running"\n{run}{more}\n'}


def _compose(text: str) -> Callable[[], dict[str, str]]:
    return lambda: {COMPOSE: text}


LINT, SVG = ("lint", "--format", "md"), ("graph", "--what", "all", "--format", "svg")
RANGES = "".join(f'      - "127.0.{n // 250}.{n % 250}:1-65535:1-65535"\n' for n in range(5000))
PARITY = ("parity", "--compose", COMPOSE)
BOMB = "x0: &x0 [a, a, a, a, a, a, a, a, a]\n" + "".join(
    f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 9)
)
ATTACKS = {
    "a picture of 200 fully connected services": Attack(
        _registry("graph: fully connected", 40_000), SVG, 0, r'<svg xmlns="http://www\.w3\.org/2000/svg"'
    ),
    "words that might begin a secret": Attack(
        _api(f'argv = ["/bin/x", "{"a-" * 32_000}", "{"pwd=<" * 10_000}", "{"eyJ-" * 16_000}", "http://u:hunter2@h"]'),
        LINT,
        1,
        "QT109",
    ),
    "1,000 services on 1,000 hosts": Attack(
        _registry("services on hosts", 1000),
        LINT,
        2,
        r"hosts\.toml:1: \d+ services and instances on all hosts together",
    ),
    "100,000 instances": Attack(
        _registry("instances", 100_000), LINT, 2, r"fleet\.toml:6: \d+ services and instances on all hosts together"
    ),
    "3,000 names that are alike": Attack(_registry("similar names", 3000), LINT, 1, "QT106"),
    "a host pattern of stars": Attack(
        lambda: {
            "registry/fleet.toml": SMALL["fleet.toml"].replace('"small-*"', f'"small-*", "{"*a" * 100}b"'),
            API: SMALL["services/api.toml"].replace('"feed"', f'"feed", "{"a" * 200}.service"'),
        },
        LINT,
        0,
        "services running: 2",
    ),
    "brackets of TOML": Attack(_api("x = " + "[" * 100_000), LINT, 2, r"services/api\.toml:1: nested too deeply"),
    "digits of TOML": Attack(_api("x = " + "9" * 100_000), LINT, 2, r"services/api\.toml:5: a number that does not"),
    "ranges of ports": Attack(
        _compose("services:\n  a:\n    ports:\n" + '      - "1-65535:1-65535"\n' + RANGES),
        PARITY,
        2,
        r"docker-compose\.yml:7: service a: ports: more than 196605 ports",
    ),
    "ports by an alias": Attack(
        _compose('x-p: &p ["1-65535:1-65535"]\nservices:\n' + "".join(f"  a{n}: {{ports: *p}}\n" for n in range(5000))),
        PARITY,
        2,
        r"docker-compose\.yml:1: service a3: ports: more than 196605 ports",
    ),
    "an alias bomb": Attack(
        _compose(BOMB + "services: {a: {command: *x8}}\n"),
        PARITY,
        2,
        r"docker-compose\.yml:\d+: aliases expand to more",
    ),
    "8,000 passwords in one command": Attack(
        lambda: {
            "units/x.service": "[Service]\nExecStart=/bin/x "
            + " ".join(f"--password=hunter{n}x" for n in range(8000))
            + "\n# hunter1x hunter2x\n"
        },
        ("adopt", "units", "units", "--out", "adopted"),
        1,
        "secrets to be put on the host",
    ),
    "levels of YAML": Attack(_compose("services: " + "{a: " * 50_000), PARITY, 2, "nested deeper than 64 levels"),
}


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


@pytest.mark.parametrize("name", ATTACKS)
def test_it_ends(name: str, tmp_path: Path) -> None:
    attack = ATTACKS[name]
    folder = build(tmp_path / "world")
    for path, text in attack.files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    ran = subprocess.run(
        [*PROGRAM, *attack.argv],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        env=environment(folder, QTCTL_KEEP="off"),
        preexec_fn=_limited,
    )
    assert ran.returncode == attack.code, ran.stderr[-2000:]
    assert re.search(attack.says, ran.stdout + ran.stderr), (ran.stdout + ran.stderr)[-2000:]
    assert "Traceback" not in ran.stderr
