"""The options that select hosts: every command that contacts hosts has them, and they mean the same everywhere."""

import shlex
from pathlib import Path
from typing import Any

import pytest

from qtctl.cli.main import _run_guarded, build_command
from qtctl.cli.selecting import OPTIONS
from tests.cli.test_help import leaves
from tests.cli.world import build
from tests.fleet.test_audit import HOST

OTHERS = {"adopt host", "gate"}
"""Commands with --user that take no host: `adopt host` makes one, and policy.toml says what `gate` asks."""
TAGS = {"db-1": '["db"]', "web-1": '["web"]', "web-2": '["web"]'}
ONE = (
    "rollback", "generations", "recover", "backup take", "secrets status",
    "secrets put A/B", "host prepare", "adopt drift", "report registry", "report overview", "report catalogue",
    "report flow", "parity --compose docker-compose.yml", "rehearse",
)  # fmt: skip
"""Commands that take one host."""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry of three hosts on a port where nobody listens."""
    build(tmp_path)
    hosts = "".join(f"{HOST.format(name=name, port=9)}tags = {tags}\n" for name, tags in TAGS.items())
    (tmp_path / "registry" / "hosts.toml").write_text(hosts)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def find_commands() -> dict[str, Any]:
    return dict(leaves(build_command()))


def test_every_command_that_contacts_hosts_can_select_them() -> None:
    wanted = {f"--{name.replace('_', '-')}" for name in OPTIONS}
    for name, command in find_commands().items():
        options = {option for parameter in command.params for option in parameter.opts}
        if "--user" in options and name not in OTHERS:
            assert wanted <= options, name


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("line", ONE)
def test_several_hosts_are_refused_by_name_where_a_command_takes_one(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run_guarded([*shlex.split(line), "--tag", "web"], debug=False) == 2
    said = "error: 2 hosts are selected, and this command takes one: web-1, web-2 (name one of them with --host)\n"
    assert capsys.readouterr().err == said


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("deploy --yes --tag nix", "no host of the registry carries the tag nix (the tags are db, web)"),
        ("deploy --yes --host 'mail-*'", "no host of the registry matches mail-*"),
        (
            "deploy --yes --all-hosts --max-hosts 2",
            "3 hosts are selected, and --max-hosts allows 2: db-1, web-1, web-2",
        ),
        ("deploy --yes --tag web --exclude web-1,web-2", "no host is selected: all of them are excluded"),
        ("deploy --yes --exclude web-1", "--exclude alone selects no host"),
        ("deploy --yes --tag web --as web-1", "--as is for a host that --host names"),
        ("deploy --yes --host web-1 --all-hosts", "--host and --all-hosts are both given"),
        ("deploy --yes --tag web --all-hosts", "--tag and --all-hosts are both given"),
        ("deploy --yes --tag ''", "invalid value for '--tag': it is empty"),
        ("deploy --yes --tag 'web;x'", "invalid value for '--tag': 'web;x' is not a tag"),
        ("deploy --yes --exclude me@web-1 --all-hosts", "invalid value for '--exclude': 'me@web-1' is not a host name"),
        ("deploy --yes --host @", "invalid value for '--host': '@' is not a host name"),
        ("deploy --yes --host web-1 --max-hosts 0", "invalid value for '--max-hosts': 0"),
        ("audit --tag nix", "no host of the registry carries the tag nix"),
        ("audit --all-hosts --max-hosts 1", "3 hosts are selected, and --max-hosts allows 1: db-1, web-1, web-2"),
        ("snapshot take --all-hosts --exclude '*'", "no host is selected: all of them are excluded"),
    ],
)
def test_a_wrong_selection_is_one_line(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run_guarded(shlex.split(line), debug=False) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"error: {said}")
    assert len(printed.err.splitlines()) == 1


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("line", ["plan --tag db", "secrets status --host '*' --exclude @web", "recover --host db-?"])
def test_a_selection_of_one_host_is_shown_and_asked(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody listens there: the command gets as far as the connection."""
    assert _run_guarded(shlex.split(line), debug=False) != 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "selected: db-1"
    assert "connection refused" in lines[-1]
