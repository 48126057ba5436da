"""Templates of a stranger: they reach nothing, and have little memory and time, whichever command fills them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from qtctl.adapters import template_process
from qtctl.adapters.template_limits import MIB, Limits
from qtctl.adapters.template_process import fill
from qtctl.adapters.templates import load_unit_templates
from qtctl.cli.main import build_command
from qtctl.errors import InputError
from qtctl.render.filling import Filling, OwnTemplates
from qtctl.render.render import render
from tests.builders.rendered import desired, service, shipped
from tests.cli.conftest import pattern, world  # noqa: F401 - fixtures
from tests.cli.world import qtctl

HUGE = '{{ mark }}\n{{ "a" * 10**10 }}\n'
COMMANDS = {
    "lint": (),
    "render": ("--out", "out"),
    "show": ("api",),
    "verify": (),
    "deploy": ("--host", "nowhere.invalid", "--yes"),
    "plan": ("--host", "nowhere.invalid"),
    "adopt drift": ("--host", "nowhere.invalid"),
    "audit": ("--from", "evidence.json"),
    "metrics": ("--from", "evidence.json"),
    "notify": ("--from", "evidence.json", "--channels", "notify.toml", "--state", "told.json"),
    "report registry": ("--from", "evidence.json"),
    "report overview": ("--from", "evidence.json"),
    "report catalogue": ("--from", "evidence.json"),
    "rehearse": ("--host", "box", "--evidence", "evidence.json"),
    "gate": (),
    "snapshot take": ("--from", "evidence.json", "--store", "snapshots"),
    "parity": ("--compose", "docker-compose.yml"),
    "check-claims": ("docker-compose.yml", "--registry", "registry"),
}


def _commands(command: Any, name: str = "") -> dict[str, Any]:
    below = getattr(command, "commands", {})
    found = {} if below else {name: command}
    for each, inner in below.items():
        found |= _commands(inner, f"{name} {each}".strip())
    return found


def test_every_command_that_takes_templates_is_here() -> None:
    every = _commands(build_command())
    taking = {name for name, command in every.items() if any("--templates" in each.opts for each in command.params)}
    assert taking == set(COMMANDS)


@pytest.mark.parametrize("command", [command for command in COMMANDS if command != "gate"])
def test_a_template_that_wants_all_memory(command: str, world: Path) -> None:  # noqa: F811
    (world / "templates" / "service.j2").write_text(HUGE)
    ran = qtctl(world, *command.split(), "--templates", "templates", *COMMANDS[command])
    assert ran.code == 2, ran.err
    assert "service.j2:2: template of " in ran.err
    assert "needs more than 512 MiB of memory" in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not (world / "out").exists()


def test_a_step_of_a_gate_whose_template_wants_all_memory(world: Path) -> None:  # noqa: F811
    (world / "templates" / "service.j2").write_text(HUGE)
    with (world / "registry" / "policy.toml").open("a") as policy:
        policy.write("\n[gate]\nlint = true\n")
    ran = qtctl(world, "gate", "--templates", "templates")
    assert (ran.code, ran.err) == (3, "")
    assert "needs more than 512 MiB of memory" in ran.out


def own(text: str) -> OwnTemplates:
    return OwnTemplates(shipped() | {"service.j2": text}, fill)


def refused(text: str) -> str:
    with pytest.raises(InputError) as caught:
        render(desired(service()), own(text))
    return str(caught.value)


def test_good_ones_give_what_they_give_in_this_process(tmp_path: Path) -> None:
    for name, text in shipped().items():
        (tmp_path / name).write_text(text)
    found = load_unit_templates(tmp_path)
    assert isinstance(found, OwnTemplates)
    assert render(desired(service()), found) == render(desired(service()), shipped())


def test_those_that_ship_need_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)
    assert render(desired(service()), load_unit_templates(None)).files


EXHAUSTING = {
    "a long text": ('{{ "a" * 10**8 }}', "needs more than 512 MiB of memory"),
    "a list": ("{{ [0] * 10**9 }}", "needs more than 512 MiB of memory"),
    "a wide format": ('{{ "{:>9999999999}".format(1) }}', "needs more than 512 MiB of memory"),
    "a range": ("{{ range(10**9) | list }}", "Range too big"),
    "a macro that calls itself": ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "maximum recursion depth"),
    "brackets": (f"{{{{ {'(' * 100_000}1{')' * 100_000} }}}}", "maximum recursion depth"),
    "more than a file can be": ('{{ "a" * 2**21 }}', "gives more than 1 MiB of text"),
    "a long error": ('{{ service["a" * 10**7] }}', "'DesiredService' has no attribute 'aaa"),
}


@pytest.mark.parametrize("case", EXHAUSTING)
def test_exhausting(case: str) -> None:
    text, says = EXHAUSTING[case]
    found = refused("{{ mark }}\n" + text)
    assert says in found
    assert found.startswith(("service.j2:2: ", "service.j2: "))
    assert len(found) < 1000


LOOP = "{% for i in range(99999) %}{% for i in range(99999) %}{% endfor %}{% endfor %}"


def test_a_template_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template_process, "compute_limits", lambda *_: Limits(512 * MIB, 1, 60, MIB))
    assert refused("{{ mark }}\n\n" + LOOP).startswith(
        "service.j2:3: template of fleet-web.service: takes more than 1 s of CPU"
    )


def test_one_that_cannot_be_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template_process, "compute_limits", lambda *_: Limits(512 * MIB, 1, 60, MIB))
    assert "takes more than 1 s of CPU" in refused("{{ mark }}\n{% set x = 7 ** (10 ** 8) %}")


ESCAPES = (
    "{{ mark.__class__.__mro__ }}",
    "{{ service | attr('__class__') }}",
    "{{ '{0.__class__}'.format(service) }}",
    "{{ ('{0.__class__}' | attr('format'))(service) }}",
    "{{ ['{0.__class__}'.format] | map('attr', 'x') | list }}{{ ('{0.__class__}'.format_map)({'0': service}) }}",
    "{% set f = '{0.__class__}'.format %}{{ f(service) }}",
    "{{ [service] | map(attribute='__class__') | list | first }}",
    "{{ lipsum.__globals__ }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ self.__init__.__globals__ }}",
    "{{ fill.__globals__ }}",
    "{% set service.name = 'x' %}",
    "{{ service.__setattr__('name', 'x') }}",
    "{% set all = namespace(x=[]) %}{{ all.x.append(1) }}",
    "{% include '../../../../etc/passwd' %}",
    "{% include '/etc/passwd' %}",
    "{% import '/etc/passwd' as x %}",
    "{% extends '/etc/passwd' %}",
)


def test_no_way_out_of_the_sandbox() -> None:
    texts = {f"{n}.j2": "{{ mark }}\n" + text for n, text in enumerate(ESCAPES)}
    fillings = [Filling(name, "web.service", {"mark": "# x", "service": service()}) for name in texts]
    for name, filled in zip(texts, fill(texts, fillings), strict=True):
        assert isinstance(filled, InputError), (texts[name], filled)
        assert filled.place is not None
        assert filled.place.file == name
        assert "root:" not in str(filled)


CONFINED = """
import errno, json, os, socket, sys
sys.path[:] = sys.argv[1:]
from qtctl.adapters import template_child
template_child.confine(512 * 2**20, 5)
def tried(what):
    try:
        what()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"
print(json.dumps({
    "file": tried(lambda: open("/etc/passwd")),
    "socket": tried(socket.socket),
    "pipe": tried(os.pipe),
    "fork": tried(lambda: os.fork() or os._exit(0)) if os.geteuid() else "EAGAIN",
    "environment": dict(os.environ),
    "uid": os.geteuid(),
}))
"""


def test_what_the_process_could_do_if_a_template_did_get_out() -> None:
    argv = [sys.executable, "-I", "-c", CONFINED, *sys.path]
    ran = subprocess.run(argv, env={}, cwd="/", capture_output=True, text=True, check=True)
    found = json.loads(ran.stdout)
    assert found.pop("uid") != 0
    assert (found.pop("environment").keys() - {"LC_CTYPE"}) == set()
    assert found == {"file": "EMFILE", "socket": "EMFILE", "pipe": "EMFILE", "fork": "EAGAIN"}


NO_ANSWER = "does not answer in the expected form"
LIES = {
    "no answer": ("", "ends the process in which it is rendered (exit status 0)"),
    "a killed process": ("os.kill(os.getpid(), 11)", "ends the process in which it is rendered (signal 11)"),
    "an exit": ("os._exit(9)", "ends the process in which it is rendered (exit status 9)"),
    "no JSON": ("print('cos\\nsystem\\n')", NO_ANSWER),
    "JSON of another kind": ("print('[1]')", NO_ANSWER),
    "deep JSON": ("print('[' * 10**6)", NO_ANSWER),
    "a number for a text": ("print('{\"text\": 1}')", NO_ANSWER),
    "lists for everything": ('print(\'{"spent": [], "file": [], "line": []}\')', NO_ANSWER),
    "a long text": ("print('{\"text\": \"' + 'a' * 2**21 + '\"}')", NO_ANSWER),
    "bytes without an end": (
        "[print('a' * 2**20, end='') for _ in range(99)]",
        "gives more than 4 MiB of text",
    ),
    "lines without an end": ("print('{}\\n' * 2**20)", NO_ANSWER),
    "no end": ("time.sleep(60)", "takes more than 1 s"),
    "an end of its output alone": ("os.close(1); time.sleep(60)", "stops answering"),
    "an odd place": ('print(\'{"what": "x", "file": "/etc/passwd", "line": -1}\')', "x"),
}
TAKEN_OVER = "import os, sys, time\nsys.stdin.read(1)\nCODE\nsys.stdout.flush()"


@pytest.mark.parametrize("case", LIES)
def test_a_process_that_a_template_took_over(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code, says = LIES[case]
    allowed = Limits(512 * MIB, cpu=1, wall=1 if "no end" in case else 20, answer=4 * MIB)
    monkeypatch.setattr(template_process, "_BEGIN", TAKEN_OVER.replace("CODE", code))
    monkeypatch.setattr(template_process, "compute_limits", lambda *_: allowed)
    monkeypatch.setattr(template_process, "_ENDS_S", 0.2)
    found = refused("")
    assert says in found
    assert "/etc/passwd" not in found
    assert len(found) < 1000
