"""Hosts that do not answer as they should: an audit is incomplete and says why once, a deploy changes nothing."""

import json
import os
import re
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.adapters.servers import Sshd, free_port, make_key, missing, sshd
from tests.cli.world import Ran, listing, qtctl

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not installed: {', '.join(missing())}")

WITHIN_S = 8.0
"""A host that does not exist costs its deadline and little else."""
NO_BUS = re.compile(
    r"no system bus: "
    r"(it closed the connection( \(exit status [0-9]+\))?|Failed to connect to .*: No such file or directory)"
    r" \(is dbus running there\? `systemctl status dbus`\)"
)
"""The bridge of newer systemds says why it ends."""
NO_SYSTEMCTL = "systemctl did not say what systemd gives to services"
NO_MOUNTS = "systemctl did not list the mounts"
NO_SS = "ss is not installed"


@dataclass(frozen=True)
class Known:
    """An operator's ssh: the real one, with a config of the test's own in place of ~/.ssh/config."""

    world: Path
    bin: Path

    def run(self, *argv: str) -> Ran:
        env = {"PATH": f"{self.bin}:{os.environ['PATH']}"}
        began = time.monotonic()
        ran = qtctl(self.world, *argv, env=env)
        assert time.monotonic() - began < WITHIN_S
        return ran


@contextmanager
def known(world: Path, config: str) -> Iterator[Known]:
    bin_ = world.parent / "bin"
    bin_.mkdir()
    (world.parent / "ssh_config").write_text(config)
    (bin_ / "ssh").write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {world.parent / "ssh_config"} "$@"\n')
    (bin_ / "ssh").chmod(0o755)
    yield Known(world, bin_)


def host(**options: str) -> str:
    defaults = {"HostName": "127.0.0.1", "User": "root", "IdentityAgent": "none", "ConnectTimeout": "2"}
    return "Host there\n" + "".join(f"  {key} {value}\n" for key, value in (defaults | options).items())


def refused(_stack: ExitStack, _folder: Path) -> tuple[str, str]:
    port = str(free_port())
    return host(Port=port), "connection refused (is sshd running there, on this port?)"


def silent(stack: ExitStack, _folder: Path) -> tuple[str, str]:
    """Nothing more is let in: as a host that is off behind a router."""
    full = stack.enter_context(socket.socket())
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    for _ in range(2):
        client = stack.enter_context(socket.socket())
        client.setblocking(False)
        client.connect_ex(full.getsockname())
    port = str(full.getsockname()[1])
    said = "no answer in 2 s (is the host up, and no firewall in between?)"
    return host(Port=port), said


def mute(stack: ExitStack, _folder: Path) -> tuple[str, str]:
    """Something listens and never speaks."""
    listening = stack.enter_context(socket.socket())
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    port = str(listening.getsockname()[1])
    said = "no SSH handshake: no key exchange in 2 s (try `ssh -v there`: wrong port, or sshd's MaxStartups?)"
    return host(Port=port), said


def nameless(_stack: ExitStack, _folder: Path) -> tuple[str, str]:
    said = (
        "the name no-such-host.invalid does not resolve "
        "(declare its address in hosts.toml, or a HostName in ssh_config)"
    )
    return host(HostName="no-such-host.invalid"), said


def another_key(stack: ExitStack, folder: Path) -> tuple[str, str]:
    server = stack.enter_context(sshd(folder / "sshd"))
    server.knows(f"{server.name} {' '.join(make_key(folder / 'old').split()[:2])}")
    return server.config("there").read_text(), "its host key has CHANGED"


def unknown_key(stack: ExitStack, folder: Path) -> tuple[str, str]:
    server = stack.enter_context(sshd(folder / "sshd"))
    server.knows()
    return server.config("there").read_text(), "its host key is not known"


def denied(stack: ExitStack, folder: Path) -> tuple[str, str]:
    server = stack.enter_context(sshd(folder / "sshd"))
    (server.folder / "authorized_keys").write_text("")
    return server.config("there").read_text(), "login denied"


def forbidden(stack: ExitStack, folder: Path) -> tuple[str, str]:
    """An option that ssh obeys and qtctl cannot."""
    server = stack.enter_context(sshd(folder / "sshd"))
    config = server.config("there", PubkeyAuthentication="no").read_text()
    return config, "qtctl cannot honour `PubkeyAuthentication false`"


AWAY = [refused, silent, mute, nameless, another_key, unknown_key, denied, forbidden]


@pytest.mark.parametrize("away", AWAY, ids=lambda away: away.__name__)
def test_a_host_that_cannot_be_reached(away: object, world: Path) -> None:
    with ExitStack() as stack:
        config, reason = away(stack, world.parent)  # type: ignore[operator]
        operator = stack.enter_context(known(world, config))
        before = listing(world)
        audited = operator.run("audit", "--host", "there", "--format", "json")
        assert audited.err in ("", "connecting to there\n")
        assert audited.code == 3
        report = json.loads(audited.out)
        assert report["findings"] == []
        assert report["totals"]["unknown"] == report["totals"]["total"] > 0
        (said,) = {check["reason"] for check in report["unknowns"]}
        assert said.startswith("audit@")
        assert reason in said
        deployed = operator.run("deploy", "--host", "there", "--yes")
        assert (deployed.code, deployed.out) == (4, "")
        progress, error = deployed.err.splitlines()
        assert progress == "connecting to there"
        assert error.startswith("error: there (ops@")
        assert "): nothing was changed: " in error
        assert reason in error
        assert listing(world) == before


def test_a_lab_host_that_is_not_up(world: Path) -> None:
    config = host(HostName="no-such-host.invalid").replace("Host there", "Host lab2")
    with known(world, config) as operator:
        audited = operator.run("audit", "--host", "lab2", "--format", "json")
        (said,) = {check["reason"] for check in json.loads(audited.out)["unknowns"]}
        assert said.endswith("does not resolve (boot it: `qtctl lab up --hosts 2`)")
        deployed = operator.run("deploy", "--host", "lab2", "--yes")
        assert (deployed.code, deployed.err.rstrip().endswith("(boot it: `qtctl lab up --hosts 2`)")) == (4, True)


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Sshd]:
    """A machine without systemd's bus, without `ss`: this one, with a /usr/bin of its own."""
    with sshd(tmp_path / "sshd", without="ss") as server:
        yield server


def test_a_host_on_which_nothing_can_be_asked_but_files(bare: Sshd, world: Path) -> None:
    """Each thing that is not there is one reason; what it hides is unknown, not absent. What was seen is still told."""
    port = free_port()
    with (world / "registry/stores.toml").open("a") as stores:
        stores.write(f'address = "127.0.0.1:{port}"\n')
    with known(world, bare.config("there").read_text()) as operator:
        audited = operator.run("audit", "--host", "there", "--user", "root", "--format", "json")
        report = json.loads(audited.out)
        hidden: dict[str, set[str]] = {}
        # What Python would find depends on the packages of this machine, whose files are seen.
        for check in (each for each in report["unknowns"] if each["id"] != "QT405"):
            hidden.setdefault(check["reason"], set()).add(check["id"])
        redis = f"Redis at 127.0.0.1:{port}: not reached from the host: Connect failed (does Redis listen there?)"
        no_bus = next(filter(NO_BUS.fullmatch, hidden), "")
        assert set(hidden) == {no_bus, NO_SS, NO_SYSTEMCTL, NO_MOUNTS, redis}
        assert (hidden[NO_SYSTEMCTL], hidden[NO_MOUNTS]) == ({"QT232"}, {"QT726"})
        assert hidden[NO_SS] == {"QT301", "QT302", "QT303", "QT304", "QT306", "QT308", "QT309"}
        assert hidden[redis] == {
            "QT501",
            "QT502",
            "QT503",
            "QT504",
            "QT505",
            "QT506",
            "QT516",
            "QT517",
            "QT518",
            "QT519",
            "QT520",
            "QT521",
            "QT509",
            "QT510",
            "QT512",
            "QT513",
            "QT514",
        }
        assert {check["id"] for check in report["findings"]} == {"QT305", "QT401", "QT601"}
        assert audited.code == 1
        deployed = operator.run("deploy", "--host", "there", "--user", "root", "--yes")
        assert (deployed.code, deployed.out) == (4, "")
        (said,) = deployed.err.splitlines()[1:]
        what = "error: box: nothing was changed: small-api.service and 3 more: could not be read: "
        assert said.startswith(what)
        assert NO_BUS.fullmatch(said.removeprefix(what))
        assert not Path("/etc/small").exists()
