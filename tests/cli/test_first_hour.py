"""What people type first and get wrong, and fleets that lack something: one clear line, or the right answer."""

import shutil
import subprocess
from pathlib import Path

import pytest

from qtctl.errors import InputError, LabError
from qtctl.interfaces.progress import silent
from qtctl.lab import lab, rootfs, sources
from qtctl.model.tree import Tree
from qtctl.registry.load import load
from qtctl.resolve.resolve import stands_in
from tests.builders.registry import changed
from tests.cli.world import qtctl
from tests.live.box import Box

SECOND = """
[other]
address = "192.0.2.2"
audit_user = "audit"
deploy_user = "ops"
memory = "4G"
cpus = 2
"""


def two_hosts(folder: Path) -> None:
    with (folder / "registry/hosts.toml").open("a") as hosts:
        hosts.write(SECOND)


@pytest.mark.parametrize(
    "argv", [("render", "--out", "out"), ("verify",), ("lab", "up"), ("parity", "--compose", "docker-compose.yml")]
)
def test_a_registry_of_two_hosts_where_none_is_named(argv: tuple[str, ...], world: Path) -> None:
    two_hosts(world)
    ran = qtctl(world, *argv)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == ("error: the registry has 2 hosts, and none is named (name one: --as box or --as other)\n")
    assert not (world / "out").exists()


def test_which_host_of_the_registry_is_meant() -> None:
    registry = load(changed(hosts=(changed()["hosts.toml"].decode() + SECOND)))
    assert stands_in(registry, "other") == "other"
    assert stands_in(registry, "elsewhere", "box") == "box"
    with pytest.raises(InputError, match="othr is not a host of the registry") as wrong:
        stands_in(registry, "othr")
    assert wrong.value.hint.startswith("did you mean other?")
    with pytest.raises(InputError, match="--as bx: the registry has no such host") as wrong:
        stands_in(registry, "other", "bx")
    assert wrong.value.hint == "did you mean --as box?"


@pytest.mark.parametrize(
    ("suite", "hint"),
    [
        ("nonsense", "(one of bookworm, bullseye, noble, trixie)"),
        ("bookwrm", "(did you mean bookworm? It is one of bookworm, bullseye, noble, trixie)"),
        ("../x", "(one of bookworm, bullseye, noble, trixie)"),
    ],
)
def test_a_suite_that_is_none(suite: str, hint: str, world: Path) -> None:
    ran = qtctl(world, "lab", "up", "--suite", suite)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"error: --suite {suite}: the lab has no such release {hint}\n"


def test_the_help_names_every_suite_and_the_default(world: Path) -> None:
    said = " ".join(qtctl(world, "lab", "up", "--help").out.replace("│", " ").split())
    assert all(suite in said for suite in rootfs.SUITES)
    assert "Default: this machine's" in said
    release = sources.read_os_release()
    assert (
        rootfs.choose_default_suite() == release["VERSION_CODENAME"] or release["VERSION_CODENAME"] not in rootfs.SUITES
    )


@pytest.mark.parametrize("distribution", sorted(rootfs.KEYRING_PACKAGES))
def test_keys_are_got_from_a_package_that_this_machine_can_install(distribution: str) -> None:
    """apt itself is the judge: Debian 12 has no package with Ubuntu's keys."""
    hint = rootfs._suggest_keyring(distribution)
    if not hint.startswith("apt-get install "):
        assert hint.startswith("no package that apt knows here has them: copy that file from a machine that runs ")
        return
    assert shutil.which("apt-get")
    simulated = subprocess.run(["apt-get", "--simulate", *hint.split()[1:]], capture_output=True, check=False)
    assert simulated.returncode == 0, simulated.stderr


@pytest.mark.lab
def test_a_host_that_runs_is_not_taken_for_one_of_another_suite(box: Box) -> None:
    with pytest.raises(LabError, match="lab1 is already running, with ") as wrong:
        lab.up([box.name], Tree(), stands_for="x", progress=silent, suite="bullseye")
    assert wrong.value.hint == "end it first: qtctl lab down lab1"


def test_evidence_is_saved_into_no_folder_that_does_not_exist(world: Path) -> None:
    ran = qtctl(world, "audit", "--host", "nowhere.invalid", "--save", "a/new/folder/evidence.json")
    assert ran.code == 2
    assert f"there is no folder {world}/a/new/folder" in ran.err
    assert not (world / "a").exists()


def test_hosts_are_listed(world: Path) -> None:
    two_hosts(world)
    ran = qtctl(world, "list", "--kind", "hosts")
    assert ran.code == 0
    assert "# small: 2 hosts" in ran.out
    assert "| `other` | `192.0.2.2` | `22` |" in ran.out


def test_a_picture_without_streams_says_so(world: Path) -> None:
    shutil.rmtree(world / "registry")
    argv = ("init", "registry", "--name", "shop", "--host", "web-1", "--address", "192.0.2.1")
    assert qtctl(world, *argv).code == 0
    drawn = qtctl(world, "graph")
    assert drawn.code == 0
    assert drawn.err == ("the picture is empty: the registry declares nothing for --what streams (try --what all)\n")
    assert qtctl(world, "graph", "--what", "all").err == ""


def test_a_registrys_own_finding_is_explained_only_with_the_registry(tmp_path: Path) -> None:
    ran = qtctl(tmp_path, "explain", "QT999")
    assert ran.code == 2
    assert "QT9xx are a registry's own checks, and there is no registry here" in ran.err
