"""A stranger's registry, templates, units and folders: no command reads or writes a file outside of what it was given.

Each attack runs the command as a process of its own, in a folder with another one beside it.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from qtctl.adapters.files import read_registry, read_templates
from qtctl.errors import InputError, InputErrors
from qtctl.registry.load import load
from tests.builders.registry import SMALL, edited
from tests.cli.inputs import LINT, OWN_TEMPLATES, RENDER
from tests.cli.world import Ran, build, listing, qtctl, replace, write
from tests.live.box import Box
from tests.live.box import qtctl as command
from tests.machine import own_lab

CANARY = "cAnArY-5f1c"
GIB = 1024**3
VERIFY, LAB_UP = ("verify",), ("lab", "up")
SOON_S = 30.0
"""A command that hangs would take longer."""


@dataclass(frozen=True)
class Desk:
    """`world` is where the operator works; `outside` is someone else's."""

    world: Path
    outside: Path

    def run(self, *argv: str) -> Ran:
        begin = time.monotonic()
        ran = qtctl(self.world, *argv)
        assert time.monotonic() - begin < SOON_S
        assert CANARY not in ran.out + ran.err
        assert "internal error" not in ran.err, ran.err
        return ran

    def refuses(self, *argv: str) -> str:
        """The one line that it says."""
        ran = self.run(*argv)
        assert (ran.code, ran.out) == (2, ""), ran
        assert len(ran.err.splitlines()) == 1, ran.err
        return ran.err


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    world, outside = build(tmp_path / "desk/world"), tmp_path / "desk/outside"
    (outside / "system").mkdir(parents=True)
    (outside / "secret.toml").write_text(f'summary = "{CANARY}"\n[[[ {CANARY} = {CANARY}\n')
    (outside / "x.service").write_text(f"[Service]\nExecStart=/bin/{CANARY}\n")
    was = {path: listing(path) for path in (outside,)}
    yield Desk(world, outside)
    assert {path: listing(path) for path in was} == was
    assert sorted(path.name for path in world.parent.iterdir()) == ["outside", "world"]


FLEET, FEED = "registry/fleet.toml", "registry/services/feed.toml"
RUN = SMALL["services/feed.toml"].partition("[run]")[2].partition("[streams]")[0]
VALUES = {
    "unit prefix": (FLEET, '"small-"', '"../../../../../outside/small-"', "fleet.toml:2"),
    "folder of env files": (FLEET, '"/etc/small"', '"/etc/../../../outside"', "fleet.toml:4"),
    "code": (FLEET, '"/srv/small"', '"/../../outside"', "fleet.toml:9"),
    "program": (FEED, RUN, '\nkind = "command"\nargv = ["/../../outside/x"]\n', "services/feed.toml:7"),
    "line": (FEED, RUN, '\nkind = "exec"\nlines = ["-/../../outside/x"]\n', "services/feed.toml:7"),
    "script": (FEED, RUN, '\nkind = "script"\nscript = "../../../outside/x.py"\n', "services/feed.toml:7"),
    "cwd": (FEED, 'venv = "main"', 'venv = "main"\ncwd = "/../../outside/made"', "services/feed.toml:9"),
    "secrets": (FEED, "[streams]", '[secrets]\nenv_file = "/../../outside/x"\n[streams]', "services/feed.toml:11"),
    "credential": (FEED, "[streams]", '[secrets]\ncredentials.a = "/../../x"\n[streams]', "services/feed.toml:11"),
    "order": (FEED, "[streams]", '[order]\nafter = ["%/../../../../x.service"]\n[streams]', "services/feed.toml:11"),
    "instance": (
        FEED,
        'summary = "Feed"',
        'summary = "Feed"\nunit = "feed@.service"\ninstances = ["x\\\\x0ay"]',
        "services/feed.toml:3",
    ),
    "alias": (FEED, "[streams]", '[install]\nalias = ["../x.service"]\n[streams]', "services/feed.toml:11"),
    "venv": ("registry/venvs.toml", '"/opt/small/venv"', '"/../../outside"', "venvs.toml:2"),
    "deploy user": ("registry/hosts.toml", '"ops"', '"../../etc/cron.d/x"', "hosts.toml:4"),
    "audit user": ("registry/hosts.toml", '"audit"', '"../outside"', "hosts.toml:3"),
}
COMMANDS = [
    ("unit prefix", RENDER),
    ("unit prefix", VERIFY),
    ("program", RENDER),
    ("deploy user", LAB_UP),
    ("cwd", LAB_UP),
]


@pytest.mark.parametrize(("name", "argv"), COMMANDS, ids=str)
def test_a_value_that_leads_out_is_refused(desk: Desk, name: str, argv: tuple[str, ...]) -> None:
    file, old, new, place = VALUES[name]
    replace(file, old, new)(desk.world)
    assert desk.refuses(*argv).startswith(f"error: {place}: ")


@pytest.mark.parametrize("name", VALUES)
def test_its_line_is_told(name: str) -> None:
    file, old, new, place = VALUES[name]
    with pytest.raises(InputErrors) as caught:
        load(edited(file.removeprefix("registry/"), old, new))
    assert place in [str(error.place) for error in caught.value.errors]


def test_nothing_is_written_through_a_link_below_the_folder(desk: Desk) -> None:
    """Anyone who can write in --out can put links there, or has left them in it."""
    out = desk.world / "out"
    (out / "etc").mkdir(parents=True)
    (out / "etc/systemd").symlink_to(desk.outside)
    assert "out/etc/systemd is a link" in desk.refuses(*RENDER)
    (out / "etc/systemd").unlink()
    (out / "etc").rmdir()
    (out / "etc").symlink_to("../../outside")
    assert "out/etc is a link" in desk.refuses(*RENDER)


def test_a_file_that_is_a_link_is_replaced(desk: Desk) -> None:
    unit = desk.world / "out/etc/systemd/system/small-api.service"
    unit.parent.mkdir(parents=True)
    unit.symlink_to(desk.outside / "x.service")
    assert desk.run(*RENDER).code == 0
    assert not unit.is_symlink()


def test_nothing_is_removed_through_a_link(desk: Desk) -> None:
    (desk.outside / "old.service").write_text("# Generated by qtctl from services/old.toml; edits are overwritten.\n")
    was = listing(desk.outside)
    assert desk.run(*RENDER).code == 0
    (desk.world / "out/etc/more").symlink_to(desk.outside)
    (desk.world / "out/srv").symlink_to(desk.outside)
    ran = desk.run(*RENDER)
    assert (ran.code, "removed" in ran.out) == (0, False)
    assert listing(desk.outside) == was
    (desk.outside / "old.service").unlink()


def test_the_operator_s_own_links_are_followed(desk: Desk) -> None:
    """--out, --registry and --templates are the operator's, and so is the way to them."""
    real = desk.world / "real"
    real.mkdir()
    for name in ("registry", "templates"):
        (desk.world / name).rename(real / name)
        (desk.world / name).symlink_to(real / name)
    (desk.world / "out").symlink_to("real")
    assert desk.run(*OWN_TEMPLATES).code == 0
    assert (real / "etc/systemd/system/small-api.service").is_file()


def to_outside(path: Path, desk: Desk) -> None:
    path.symlink_to(os.path.relpath(desk.outside / "secret.toml", path.parent))


def to_outside_whole(path: Path, desk: Desk) -> None:
    path.symlink_to(desk.outside / "secret.toml")


def to_zero(path: Path, _: Desk) -> None:
    path.symlink_to("/dev/zero")


def fifo(path: Path, _: Desk) -> None:
    os.mkfifo(path)


def sparse(path: Path, _: Desk) -> None:
    with path.open("wb") as file:
        file.truncate(30 * GIB)


def circle(path: Path, _: Desk) -> None:
    path.symlink_to(path.name)


Trap = Callable[[Path, Desk], None]
TRAPS: dict[Trap, str] = {
    to_outside: "leads out of",
    to_outside_whole: "leads out of",
    to_zero: "leads out of",
    fifo: "it is a FIFO",
    sparse: "larger than 4 MiB",
    circle: "links on the way",
}


@pytest.mark.parametrize(
    ("file", "argv", "trap"),
    [
        ("registry/services/more.toml", LINT, to_outside),
        ("registry/services/more.toml", LINT, fifo),
        ("registry/hosts.toml", ("audit", "--host", "local"), fifo),
        ("templates/service.j2", OWN_TEMPLATES, to_outside_whole),
        ("templates/service.j2", OWN_TEMPLATES, fifo),
    ],
)
def test_what_is_no_file_of_the_folder_is_not_read(desk: Desk, file: str, argv: tuple[str, ...], trap: Trap) -> None:
    path = desk.world / file
    path.unlink(missing_ok=True)
    trap(path, desk)
    said = desk.refuses(*argv)
    assert said.startswith(f"error: {file}: ")
    assert TRAPS[trap] in said


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize(
    ("file", "read"), [("registry/services/feed.toml", read_registry), ("templates/env.j2", read_templates)]
)
def test_nor_are_others(desk: Desk, file: str, read: Callable[[Path], object], trap: Trap) -> None:
    path = desk.world / file
    path.unlink()
    trap(path, desk)
    with pytest.raises(InputError, match=TRAPS[trap]) as caught:
        read(desk.world / file.partition("/")[0])
    assert str(caught.value.place) == str(path)


def test_a_registry_with_links_inside_is_read(desk: Desk) -> None:
    services = desk.world / "registry/services"
    services.joinpath("api.toml").rename(desk.world / "registry/api.txt")
    services.joinpath("api.toml").symlink_to("../api.txt")
    services.joinpath(".#feed.toml").symlink_to("me@here.4711")
    assert desk.run(*LINT).code == 0


def test_a_linked_folder_is_not_left_out_in_silence(desk: Desk) -> None:
    (desk.world / "registry/services").rename(desk.world / "services")
    (desk.world / "registry/services").symlink_to("../services")
    assert "registry/services: cannot be read: it is a link to a folder" in desk.refuses(*LINT)


def test_many_files_that_are_large_together(desk: Desk) -> None:
    """9000 times 3 MiB would be 27 GiB."""
    for folder in ("registry/services", "templates"):
        first = desk.world / folder / "a0.toml.j2"
        with first.open("wb") as file:
            file.truncate(3 * 1024**2)
        for number in range(9000):
            (desk.world / folder / f"b{number}.{'toml' if 'reg' in folder else 'j2'}").hardlink_to(first)
    assert "registry: cannot be read: larger than 32 MiB" in desk.refuses(*LINT)
    with pytest.raises(InputError, match="larger than 32 MiB"):
        read_templates(desk.world / "templates")


def test_a_registry_without_an_end(desk: Desk) -> None:
    at = desk.world / "registry"
    for _ in range(70):
        at /= "d"
    at.mkdir(parents=True)
    assert "folders more than 64 deep" in desk.refuses(*LINT)


def test_no_fix_is_written_outside(desk: Desk) -> None:
    """The file is there twice: the one that is linked is outside, and would be fixed."""
    fixable = SMALL["services/feed.toml"] + '\n[order]\nrequires = ["n.service"]\n'
    (desk.world / "fixable.toml").write_text(fixable)
    (desk.world / "registry/services/feed.toml").unlink()
    (desk.world / "registry/services/feed.toml").symlink_to("../../fixable.toml")
    assert "leads out of" in desk.refuses("lint", "--fix")
    assert (desk.world / "fixable.toml").read_text() == fixable


def test_adopted_units_are_those_of_the_folder(desk: Desk) -> None:
    units = desk.world / "units"
    units.mkdir()
    (units / "good.service").write_text("[Service]\nExecStart=/bin/true\n")
    (units / "x.service").symlink_to("../../outside/x.service")
    os.mkfifo(units / "fifo.service")
    sparse(units / "sparse.service", desk)
    (units / "zero.service").symlink_to("/dev/zero")
    (units / "multi-user.target.wants").mkdir()
    (units / "multi-user.target.wants/good.service").symlink_to("../good.service")
    (units / "all").symlink_to(desk.outside)
    ran = desk.run("adopt", "units", "units", "--out", "made", "--format", "json")
    assert ran.code in (0, 1), ran.err
    made = listing(desk.world / "made")
    assert sorted(path for path in made if path.startswith("services/")) == ["services/good.toml"]
    assert CANARY.encode() not in b"".join(filter(None, made.values()))
    for path in ("fifo.service", "sparse.service", "x.service", "zero.service"):
        assert f'"{path}"' in ran.out, "each is accounted for"


def test_reports_do_not_take_the_place_of_devices(desk: Desk) -> None:
    os.mkfifo(desk.world / "pipe")
    for path in ("pipe", "/dev/null"):
        assert "it is not a regular file" in desk.refuses("graph", "--out", path)
    assert Path("/dev/null").is_char_device()


def test_a_file_that_is_named_and_never_ends(desk: Desk) -> None:
    os.mkfifo(desk.world / "pipe")
    assert "it is a FIFO" in desk.refuses("parity", "--compose", "pipe")
    assert "larger than 32 MiB" in desk.refuses("audit", "--from", "/dev/zero")


FEED_RUN = """
kind = "module"
module = "small.feed"
venv = "main"
cwd = "/var/lock"

[sandbox]
read_write_paths = ["/bin/x"]
"""
MANY = """
summary = "M"
state = "running"
instances = ["..-..-..-..-..-..-escaped"]

[run]
kind = "exec"
lines = ["/opt/%I/run"]
cwd = "/srv/%I"

[secrets]
env_file = "/srv/%I.env"
"""


@pytest.mark.lab
def test_a_lab_host_is_laid_down_in_its_own_root(desk: Desk, tmp_path: Path) -> None:
    """Harmless-looking values that lead out of it: over links in the root, and by what `%I` stands for."""
    replace(FEED, RUN, FEED_RUN)(desk.world)
    write("registry/services/many@.toml", MANY)(desk.world)
    mine = [Path("/run/lock"), Path("/tmp"), Path("/srv"), Path("/opt"), Path("/usr/bin")]
    was = [(path.stat().st_uid, path.stat().st_mode) for path in mine]
    with own_lab(tmp_path / "state"):
        try:
            ran = command("lab", "up", cwd=desk.world)
            assert ran.code == 0, ran.err
            assert Box("lab1").sh("stat -c %U /usr/bin/x /escaped/run").split() == ["svc", "root"]
        finally:
            command("lab", "down", cwd=desk.world)
    assert [(path.stat().st_uid, path.stat().st_mode) for path in mine] == was
    assert not any(Path(path).exists() for path in ("/escaped", "/escaped.env", "/usr/bin/x"))
