"""Rendering: cases as data, every error, and any value come back or refused."""

import hashlib
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtctl.dialects.systemd.quoting import parse_env_file, split_exec
from qtctl.dialects.systemd.unitfile import merge_effective, parse
from qtctl.errors import InputError, InputErrors
from qtctl.model.desired import Desired, DesiredCommand
from qtctl.model.states import ServiceState
from qtctl.render.render import render
from tests.builders.rendered import TARGET, TIMER, desired, service, shipped

CASES = sorted((Path(__file__).parent / "cases").glob("*.toml"))


def frozen(value: Any) -> Any:
    return tuple(frozen(item) for item in value) if isinstance(value, list) else value


def given_by(case: dict[str, Any]) -> Desired:
    fields = {key: frozen(value) for key, value in case.get("service", {}).items()}
    fields["commands"] = tuple(DesiredCommand(*each) for each in fields.get("commands", ()))
    fields["state"] = ServiceState(fields.get("state", "running"))
    beside = {
        f"{kind}s": (replace(base, **{key: frozen(value) for key, value in case[kind].items()}),)
        for kind, base in (("timer", TIMER), ("target", TARGET))
        if kind in case
    }
    return desired(service(**fields), **beside)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = tomllib.loads(path.read_text(encoding="utf-8"))
    files = render(given_by(case), shipped()).files
    assert {file.path: file.content.decode() for file in files} == case["expected"]
    assert [file.path for file in files] == sorted(case["expected"])


def test_what_a_file_is() -> None:
    env, unit = render(desired(service(env_file="/etc/fleet/x.env", env=(("A", "b"),))), shipped()).files
    assert (env.mode, env.owner, env.group, env.kind, env.subject) == (
        "0600",
        "root",
        "root",
        "env",
        "fleet-web.service",
    )
    assert (unit.mode, unit.owner, unit.group, unit.kind) == ("0644", "root", "root", "unit")
    assert unit.sha256 == hashlib.sha256(unit.content).hexdigest()
    assert str(unit.origin) == "services/web.toml"


def test_the_same_bytes_every_time() -> None:
    given_twice = desired(*(service(name=name, unit=f"{name}.service") for name in ("b", "a", "c")))
    assert render(given_twice, shipped()).files == render(given_twice, dict(reversed(shipped().items()))).files


VALUES: dict[str, tuple[dict[str, Any], str]] = {
    "description on two lines": ({"summary": "a\nb"}, "Description: holds a line break"),
    "no command": ({"argv": ()}, "ExecStart: no command"),
    "relative program": ({"argv": ("python3",)}, "ExecStart: the program is not an absolute path"),
    "NUL in an argument": ({"argv": ("/a", "b\0")}, "ExecStart: argument 1: holds a NUL"),
    "not a unit": ({"after": ("redis",)}, "After: not the name of a unit"),
    "a setting on two lines": ({"limits": (("MemoryMax", "1G\nUser=root"),)}, "MemoryMax: not a value on one line"),
    "no env file": ({"env": (("A", "b"),)}, "no env file"),
    "a surrogate in the environment": (
        {"env_file": "/e", "env": (("A", "s3cret\udcff"),)},
        "environment variable A: holds a character that systemd does not accept",
    ),
    "a relative directory": ({"working_directory": "srv"}, "WorkingDirectory: not an absolute path"),
}


@pytest.mark.parametrize("case", VALUES)
def test_a_value_that_cannot_be_said(case: str) -> None:
    changes, message = VALUES[case]
    with pytest.raises(InputError) as caught:
        render(desired(service(**changes)), shipped())
    assert str(caught.value).startswith("services/web.toml: fleet-web.service: ")
    assert message in str(caught.value)
    assert "s3cret" not in str(caught.value)


TEMPLATES_BROKEN = {
    "undefined name": ("{{ mark }}\n\n{{ service.sumary }}\n", "service.j2:3: template of fleet-web.service: "),
    "unknown variable": (
        "{{ mark }}\n{{ nothing }}",
        "service.j2:2: template of fleet-web.service: 'nothing' is undefined",
    ),
    "syntax": ("{{ mark }}\n{% if %}\n", "service.j2:2: template of fleet-web.service: "),
    "unknown filter": ("{{ mark | upside_down }}\n", "service.j2:1: template of fleet-web.service: "),
    "missing include": (
        '{% include "more.j2" %}',
        "service.j2:1: template of fleet-web.service: there is no template more.j2",
    ),
    "arithmetic": ("{{ mark }}\n{{ 1 / 0 }}\n", "service.j2:2: template of fleet-web.service: division by zero"),
    "out of the sandbox": (
        "{{ mark }}\n{{ mark.__class__.__mro__ }}\n",
        "service.j2:2: template of fleet-web.service: ",
    ),
    "in a loop": (
        "{{ mark }}\n{% for word in service.argv %}\n{{ word.nope.no }}\n{% endfor %}\n",
        "service.j2:3: template of fleet-web.service: 'str' has no attribute 'nope'",
    ),
    "in an included template": (
        '{{ mark }}\n{% include "part.j2" %}',
        "part.j2:2: template of fleet-web.service: 'nope' is undefined",
    ),
    "the syntax of an included template": (
        '{{ mark }}\n{% include "torn.j2" %}',
        "torn.j2:2: template of fleet-web.service: Expected an expression",
    ),
    "in a macro": (
        '{{ mark }}\n{% from "macro.j2" import unit %}\n{{ unit(service) }}',
        "macro.j2:2: template of fleet-web.service: 'DesiredService' has no attribute 'nope'",
    ),
    "a filter given what it does not take": (
        '{{ mark }}\n{{ service.argv | path("WorkingDirectory") }}',
        "service.j2:2: template of fleet-web.service: the filter path does not accept a tuple: ",
    ),
    "a filter given a value of the template's own": (
        '{{ mark }}\n{{ "srv/web" | path("WorkingDirectory") }}',
        "service.j2:2: template of fleet-web.service: WorkingDirectory: not an absolute path (begin it with /)",
    ),
    "a filter of an included template": (
        '{{ mark }}\n{% include "filter.j2" %}',
        "filter.j2:2: template of fleet-web.service: WorkingDirectory: not an absolute path (begin it with /)",
    ),
    "a helper of jinja": ("{{ mark }}\n{{ cycler() }}", "service.j2:2: template of fleet-web.service: at least one"),
    "it includes itself": (
        '{{ mark }}\n{% include "service.j2" %}',
        "service.j2:2: template of fleet-web.service: maximum recursion depth",
    ),
    "no mark": ("[Unit]\n", "service.j2:1: template of fleet-web.service: the first line is not the mark"),
    "a line that is no directive": (
        "{{ mark }}\n[Unit]\noops\n",
        "fleet-web.service from service.j2:3: a line that has no =",
    ),
    "an open section": ("{{ mark }}\n[Unit\n", "fleet-web.service from service.j2:2: invalid section header"),
}


INCLUDED = {
    "part.j2": "[Unit]\n{{ nope }}\n",
    "torn.j2": "[Unit]\n{% if %}\n",
    "macro.j2": "{% macro unit(service) %}\n{{ service.nope }}\n{% endmacro %}\n",
    "filter.j2": '[Unit]\n{{ (service.name ~ "/x") | path("WorkingDirectory") }}\n',
}


@pytest.mark.parametrize("case", TEMPLATES_BROKEN)
def test_a_broken_template(case: str) -> None:
    text, message = TEMPLATES_BROKEN[case]
    with pytest.raises(InputError) as caught:
        render(desired(service()), shipped() | INCLUDED | {"service.j2": text})
    assert str(caught.value).startswith(message)


def test_a_template_that_is_not_there() -> None:
    with pytest.raises(InputError, match=r"service\.j2: template of fleet-web\.service: there is no such template"):
        render(desired(service()), {})


CHANGED = {
    "unquoted argument": (
        '{{ service.argv | exec_line("ExecStart") }}',
        "{{ service.argv | join(' ') }}",
        "ExecStart=",
    ),
    "specifier": ('{{ service.summary | value("Description") }}', "{{ service.summary }}", "Description="),
    "lost": ('User={{ service.user | value("User") }}\n', "", "[Service] User="),
    "changed": ("Type={{", "Type=x{{", "[Service] Type="),
    "wrong section": ("\n[Service]\n", "\n[Srvice]\n", "[Service] Type="),
    "a failure is ignored": ("ExecStart={{", "ExecStart=-{{", "[Service] ExecStart="),
    "one more command": ("SyslogIdentifier", "ExecStart=/bin/true\nSyslogIdentifier", "[Service] ExecStart="),
    "an env file that overrides": (
        "SyslogIdentifier",
        "EnvironmentFile=-/etc/more.env\nSyslogIdentifier",
        "EnvironmentFile=",
    ),
    "one more target": (
        "\n{% if service.wanted_by",
        "\n[Install]\nWantedBy=x.target\n{% if service.wanted_by",
        "WantedBy=",
    ),
    "a lost dependency": ('  ("Wants", service.wants),\n', "", "[Unit] Wants="),
    "a lifted limit": ("SyslogIdentifier", "MemoryMax=infinity\nSyslogIdentifier", ""),
}


@pytest.mark.parametrize("case", CHANGED)
def test_a_template_that_does_not_give_what_was_declared(case: str) -> None:
    old, new, message = CHANGED[case]
    odd = service(summary="50%n", argv=("/a", "b c"), wants=("w.service",), limits=(("MemoryMax", "1G"),))
    template = shipped()["service.j2"]
    assert old in template
    changed = template.replace(old, new)
    if not message:
        render(desired(odd), shipped() | {"service.j2": changed})  # the declared limit still comes last
        changed = template + "\n[Service]\nMemoryMax=infinity\n"
    with pytest.raises(InputError) as caught:
        render(desired(odd), shipped() | {"service.j2": changed})
    assert "fleet-web.service from service.j2" in str(caught.value)
    assert message in str(caught.value)


def test_a_template_may_add() -> None:
    more = shipped()["service.j2"].replace("[Service]\n", "After=more.service\n\n[Service]\nNice=5\n", 1)
    text = render(desired(service(after=("a.service",))), shipped() | {"service.j2": more}).files[0].content.decode()
    found = merge_effective(parse(text, "x"))
    assert found["Unit", "After"] == ("a.service", "more.service")
    assert found["Service", "Nice"] == ("5",)


def test_an_env_template_that_changes_a_value_shows_no_value() -> None:
    env = "{{ mark }}\n{% for name, text in service.env %}\n{{ name }}={{ text }}\n{% endfor %}\n"
    odd = service(env_file="/etc/x.env", env=(("A", "plain"), ("B", "s3cret \\")))
    with pytest.raises(InputError, match="not the declared environment: B") as caught:
        render(desired(odd), shipped() | {"env.j2": env})
    assert "s3cret" not in str(caught.value)


def test_all_errors_at_once() -> None:
    with pytest.raises(InputErrors) as caught:
        render(
            desired(service(summary="a\nb"), service(unit="b.service", argv=()), service(unit="c.service")), shipped()
        )
    assert [error.what.split(":")[0] for error in caught.value.errors] == ["fleet-web.service", "b.service"]


def test_two_of_one_path() -> None:
    with pytest.raises(InputError, match=r"/etc/systemd/system/fleet-web\.service is also the file of"):
        render(desired(service(), service(name="other")), shipped())


ANY = st.text(alphabet=st.characters(), max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(ANY, max_size=3), st.dictionaries(st.from_regex(r"[A-Z_]{1,3}", fullmatch=True), ANY, max_size=3), ANY)
def test_any_value_comes_back_or_is_refused(args: list[str], env: dict[str, str], summary: str) -> None:
    odd = service(argv=("/a", *args), env_file="/etc/fleet/x.env", env=tuple(env.items()), summary=summary)
    try:
        env_file, unit = render(desired(odd), shipped()).files
    except InputError:
        return
    assert parse_env_file(env_file.content.decode(), "x") == env
    assert split_exec(merge_effective(parse(unit.content, "x"))["Service", "ExecStart"][0]) == odd.argv
