"""The monthly timer: the fleet's own tools and systemd itself take what is written."""

import shutil
import subprocess
from pathlib import Path

import pytest

from qtctl.adapters.added_files import add_files
from qtctl.adapters.files import read_templates
from qtctl.errors import InputError
from qtctl.flows.declare import declare
from qtctl.history.schedule import TABLES, WHERE, Schedule, list_files, plan_command
from tests.builders.reported import FILES

ARGV = plan_command(
    "/usr/local/bin/qtctl", "box", "host", ("--registry", "/etc/qtctl", "--store", "/var/lib/snapshots")
)


def test_the_registry_takes_it_and_renders_a_timer_and_a_oneshot(tmp_path: Path) -> None:
    (tmp_path / "services").mkdir()
    (tmp_path / TABLES).write_text(FILES[TABLES])
    add_files(tmp_path, list_files(Schedule(ARGV, "svc"), "/var/lib/snapshots", "host"), TABLES)
    said = {name: (tmp_path / name).read_bytes() for name in (TABLES, "services/snapshot.toml")}
    files = {**{name: text.encode() for name, text in FILES.items()}, **said}
    desired = declare(files, read_templates(None), "box", None).desired
    texts = {each.path.rpartition("/")[2]: each.content.decode() for each in desired.files}
    assert "Type=oneshot" in texts["q-snapshot.service"]
    assert f"ExecStart={' '.join(ARGV)}" in texts["q-snapshot.service"]
    assert "StateDirectory=snapshots" in texts["q-snapshot.service"]
    assert "OnCalendar=monthly" in texts["q-snapshot.timer"]
    assert "Persistent=true" in texts["q-snapshot.timer"] or "Persistent=yes" in texts["q-snapshot.timer"]
    with pytest.raises(InputError, match="already exists"):
        add_files(tmp_path, list_files(Schedule(ARGV, "svc"), "/var/lib/snapshots", "host"), TABLES)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_takes_the_units_of_the_controller(tmp_path: Path) -> None:
    argv = plan_command("/bin/true", "*", "controller", ("--registry", "/etc/a b", "--store", "/var/lib/snap shots"))
    files = list_files(Schedule(argv, "root", "*-*-15 04:00"), "/var/lib/snapshots", "controller")
    paths = add_files(tmp_path, files)
    ran = subprocess.run(["systemd-analyze", "verify", *map(str, paths)], capture_output=True, text=True, check=False)
    assert "qtctl-snapshot" not in ran.stderr, ran.stderr
    assert '"/etc/a b"' in files["qtctl-snapshot.service"]


@pytest.mark.parametrize(
    ("host", "where", "account", "when", "says"),
    [
        ("box", "cloud", "root", "monthly", "is neither host nor controller"),
        ("*", "host", "root", "monthly", "each host has a timer of its own"),
        ("box", "host", "ro ot", "monthly", "is not an account name"),
        ("box", "host", "root", "every month\nUser=x", "--on"),
        ("box", "host", "root", "monthly\n[Service]", "--on"),
    ],
)
def test_what_systemd_would_misread_is_refused(host: str, where: str, account: str, when: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        list_files(Schedule(plan_command("/bin/q", host, where, ()), account, when), "/var/lib/s", where)


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("option", ["--program", "--registry", "--store", "--sign"])
def test_a_relative_path_is_refused(option: str, where: str) -> None:
    given = {"--registry": "/etc/qtctl", "--store": "redis://127.0.0.1:6379/0", "--sign": "/k", option: "there"}
    program = given.pop("--program", "/bin/q")
    with pytest.raises(InputError, match=f"{option} 'there' is not an absolute path"):
        plan_command(program, "box", where, [word for pair in given.items() for word in pair])


@pytest.mark.parametrize("store", ["/var/lib/a\nExecStart=/bin/sh", "/var/lib/%h", "/a b"])
def test_a_store_that_would_end_its_line_is_refused_or_quoted(store: str) -> None:
    try:
        text = list_files(Schedule(("/bin/q",), "root"), store, "controller")["qtctl-snapshot.service"]
    except (InputError, ValueError):
        return
    assert text.count("ExecStart=") == 1
    assert "ReadWritePaths=" in text


@pytest.mark.parametrize(
    ("store", "says"),
    [
        ("/var/lib/snapshots", "StateDirectory=snapshots"),
        ("/srv/history", "ReadWritePaths=/srv/history"),
        ("redis://127.0.0.1:6379/0", "ProtectSystem=strict"),
    ],
)
def test_the_store_can_be_written(store: str, says: str) -> None:
    assert says in list_files(Schedule(("/bin/q",), "root"), store, "controller")["qtctl-snapshot.service"].split("\n")
    service = list_files(Schedule(("/bin/q",), "root"), store, "host")["services/snapshot.toml"]
    assert ("read_write_paths" in service) == store.startswith("/srv")
    assert ("[directories]" in service) == store.startswith("/var/lib")
