"""A stranger's compose file, which wants other files of this machine copied, endless files read, or endless work."""

import os
import socket
import threading
import time
from pathlib import Path

import pytest

from tests.cli.world import Ran
from tests.security.conftest import RunHere

CANARY = "hunter2-c4n4ry"
OUTSIDE = f"PLAIN={CANARY}\nroot={CANARY}\n"
WITHIN_S = 5.0


@pytest.fixture
def project(world: Path) -> Path:
    """A checkout. Beside it is a file that its author could not read."""
    (world / "outside.env").write_text(OUTSIDE)
    folder = world / "checkout"
    folder.mkdir()
    return folder


def adopt(run_here: RunHere, project: Path, text: str, *options: str) -> tuple[Ran, str]:
    """What it said, and all that it wrote."""
    (project / "compose.yml").write_text(text)
    ran = run_here(project, "adopt", "compose", "compose.yml", "--out", "made", *options)
    made = "".join(path.read_text() for path in (project / "made").rglob("*") if path.is_file())
    return ran, made


WAYS = {
    "absolute": "env_file: {outside}",
    "above": "env_file: ../outside.env",
    "a link": "env_file: link.env",
    "a folder that is a link": "env_file: up/outside.env",
    "as it is": "env_file: [{{path: ../outside.env, format: raw}}]",
    "behind another": "env_file: [own.env, ../outside.env]",
    "by extends": "extends: {{file: sub/base.yml, service: base}}",
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_values_of_an_env_file_outside_the_project_are_not_copied(way: str, project: Path, run_here: RunHere) -> None:
    (project / "link.env").symlink_to("../outside.env")
    (project / "up").symlink_to("..")
    (project / "own.env").write_text("PLAIN=ours\nOWN=kept\n")
    (project / "sub").mkdir()
    base = "services:\n  base:\n    image: x\n    env_file: ../../outside.env\n"
    (project / "sub/base.yml").write_text(base)
    said = way.format(outside=project.parent / "outside.env")
    ran, made = adopt(run_here, project, f"services:\n  api:\n    image: x\n    command: [/bin/true]\n    {said}\n")
    assert ran.code in (0, 1), ran.err
    assert CANARY not in ran.out + ran.err + made
    assert "only their names were copied: PLAIN, root" in ran.out
    assert '"PLAIN"' in made.partition("[secrets]")[2]
    assert ('OWN = "kept"' in made) == ("own.env" in way)


def test_those_of_the_project_are(project: Path, run_here: RunHere) -> None:
    (project / "own.env").write_text("PLAIN=kept\n")
    (project / "link.env").symlink_to("own.env")
    ran, made = adopt(run_here, project, "services:\n  api:\n    command: [/bin/true]\n    env_file: link.env\n")
    assert 'PLAIN = "kept"' in made, ran.err


VARIABLES = {
    "its .env is a link": "services:\n  api:\n    image: x\n    command: [/bin/echo, $PLAIN]\n",
    "what it includes has an env file outside": (
        "include:\n  - path: other.yml\n    env_file: ../outside.env\nservices:\n  api:\n    image: x\n"
    ),
}


@pytest.mark.parametrize("text", VARIABLES.values(), ids=VARIABLES)
def test_no_variables_are_taken_from_outside(text: str, project: Path, run_here: RunHere) -> None:
    (project / "other.yml").write_text("services:\n  more:\n    image: x\n    command: [/bin/echo, $PLAIN]\n")
    if "include" not in text:
        (project / ".env").symlink_to("../outside.env")
    ran, made = adopt(run_here, project, text)
    assert (ran.code, made) == (2, "")
    assert "which is outside the folder of the project (if you trust it, name it yourself: --env-file)" in ran.err
    parity = run_here(project, "parity", "--registry", "../registry", "--compose", "compose.yml")
    assert (parity.code, CANARY in parity.out + parity.err) == (2, False)


def test_an_operator_may_name_it(project: Path, run_here: RunHere) -> None:
    (project / ".env").symlink_to("../outside.env")
    text = VARIABLES["its .env is a link"]
    ran, made = adopt(run_here, project, text, "--env-file", "../outside.env")
    assert ran.code in (0, 1), ran.err
    assert CANARY in made


ENDLESS = {
    "a device": "services:\n  api:\n    image: x\n    env_file: /dev/zero\n",
    "a pipe": "services:\n  api:\n    image: x\n    env_file: pipe\n",
    "a link to itself": "services:\n  api:\n    image: x\n    env_file: loop\n",
    "memory of the process": "services:\n  api:\n    image: x\n    env_file: /proc/self/mem\n",
    "extends a pipe": "services:\n  api:\n    extends: {file: pipe, service: a}\n",
    "includes a device": "include: [/dev/zero]\nservices:\n  api:\n    image: x\n",
    "extends what is no compose file": "services:\n  api:\n    extends: {file: ../outside.env, service: a}\n",
    "extends itself by another file": "services:\n  api:\n    extends: {file: compose.yml, service: api}\n",
    "aliases of aliases": (
        "x-0: &a0 [a, a, a, a, a, a, a, a, a]\n"
        + "".join(f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
        + "services:\n  api:\n    image: x\n"
    ),
    "variables in variables": "services:\n  api:\n    image: " + "${A:-" * 20_000 + "}" * 20_000 + "\n",
    "deeper than any": "services:\n  api:\n    x-a: " + "[" * 20_000 + "]" * 20_000 + "\n",
    "a number of copies": "services:\n  api:\n    image: x\n    deploy: {replicas: 999999999999}\n",
}


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_it_ends_and_quotes_no_file(text: str, project: Path, run_here: RunHere) -> None:
    os.mkfifo(project / "pipe")
    (project / "loop").symlink_to("loop")
    began = time.monotonic()
    ran, made = adopt(run_here, project, text)
    assert time.monotonic() - began < WITHIN_S
    assert ran.code in (0, 1, 2), ran.err
    assert "Traceback" not in ran.err
    assert CANARY not in ran.out + ran.err + made
    if ran.code == 2:
        assert ran.err.count("\n") == 1, ran.err


@pytest.mark.parametrize(
    "names",
    ["include: [{url}]\nservices: {{a: {{image: x}}}}", "services: {{a: {{extends: {{file: {url}, service: b}}}}}}"],
)
def test_nothing_is_fetched(names: str, project: Path, run_here: RunHere) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        came: list[bool] = []
        port = server.getsockname()[1]

        def accept() -> None:
            try:
                server.accept()[0].close()
                came.append(True)
            except TimeoutError:
                pass

        listening = threading.Thread(target=accept)
        listening.start()
        ran, _ = adopt(run_here, project, names.format(url=f"http://127.0.0.1:{port}/compose.yml"))
        listening.join()
    assert (ran.code, came) == (2, [])
    assert "qtctl fetches nothing" in ran.err
