"""The tree of a throwaway host: everything that the rendered units need, and none of them."""

import shlex
from dataclasses import replace

import pytest

from qtctl.errors import InputError
from qtctl.model.desired import DesiredCommand, DesiredOther
from qtctl.model.desired_accounts import DesiredAccount
from qtctl.model.origin import Origin
from qtctl.model.tree import Account, TreeDir
from qtctl.stage.lab import make_lab_tree
from qtctl.stage.programs import find_script
from tests.builders.staged import AUDIT, DEPLOY, tiny

BASH = "/bin/bash"
ALL = "0.0.0.0"  # noqa: S104
TREE = make_lab_tree(tiny(), audit_user=AUDIT, deploy_user=DEPLOY)
FILES = {file.path: file for file in TREE.files}
DIRS = {folder.path: folder for folder in TREE.dirs}
LINKS = {link.path: link.target for link in TREE.links}


def test_accounts_have_no_more_rights_than_their_part_asks_for() -> None:
    assert TREE.accounts == (
        Account("native", "native", "/var/lib/native"),
        Account("ops", "ops", "/home/ops", login=True, sudo=True),
        Account("svc", "svc", "/home/svc"),
        Account("watch", "watch", "/home/watch", login=True),
    )


def test_accounts_that_services_use_are_as_the_registry_declares_them() -> None:
    """So that the host has nothing in the way of a first deploy. What else is declared, that deploy makes."""
    origin = Origin("users.toml")
    declared = (
        DesiredAccount("more", "", 600, "more", None, (), "", "", origin),
        DesiredAccount("native", "", None, "native", None, ("adm",), "", "", origin),
        DesiredAccount("svc", "", 700, "all", 701, (), "/srv/own", BASH, origin),
    )
    tree = make_lab_tree(replace(tiny(), accounts=declared), audit_user=AUDIT, deploy_user=DEPLOY)
    found = {account.name: account for account in tree.accounts}
    assert "more" not in found
    assert found["native"] == Account("native", "native", "/var/lib/native")
    assert found["svc"] == Account("svc", "all", "/srv/own", shell=BASH, uid=700, gid=701)


@pytest.mark.parametrize("audit_user", ["root", "svc", "ops"])
def test_an_audit_account_that_could_do_more_is_refused(audit_user: str) -> None:
    with pytest.raises(InputError, match="has its own account"):
        make_lab_tree(tiny(), audit_user=audit_user, deploy_user=DEPLOY)


def test_root_may_deploy() -> None:
    tree = make_lab_tree(tiny(), audit_user=AUDIT, deploy_user="root")
    assert "root" not in [account.name for account in tree.accounts]


@pytest.mark.parametrize(
    "folder",
    [
        TreeDir("/etc/tiny"),
        TreeDir("/home/svc/code", owner="svc", group="svc"),
        TreeDir("/var/lib/tiny", owner="svc", group="svc"),
        TreeDir("/srv/tiny"),
        TreeDir("/opt/tiny/venv/bin"),
    ],
    ids=lambda folder: folder.path,
)
def test_folders(folder: TreeDir) -> None:
    assert DIRS[folder.path] == folder


def test_folders_of_the_system_keep_their_owner() -> None:
    assert "/var/log" not in DIRS


def test_what_a_boot_forgets_is_made_again() -> None:
    assert "/run/tiny" not in DIRS
    assert FILES["/etc/tmpfiles.d/qtctl-lab.conf"].content == b"d /run/tiny 0755 svc svc\n"


def test_venvs_lead_to_the_system_interpreter() -> None:
    for path in ("/opt/tiny/venv", "/opt/tiny/spare"):
        assert LINKS[f"{path}/bin/python"] == "python3"
        assert LINKS[f"{path}/bin/python3"] == "/usr/bin/python3"
        assert b"include-system-site-packages = true" in FILES[f"{path}/pyvenv.cfg"].content


def test_secrets_are_placeholders_that_only_root_reads() -> None:
    secret = FILES["/etc/tiny/api.secret.env"]
    assert (secret.mode, secret.owner) == (0o600, "root")
    assert secret.content == b"API_KEY=lab-placeholder\nAPI_TOKEN=lab-placeholder\n"


@pytest.mark.parametrize(
    ("path", "mode", "start"),
    [
        ("/home/svc/code/tiny/api.py", 0o755, b"#!/usr/bin/python3\n"),
        ("/home/svc/code/tiny/feed.py", 0o755, b"#!/usr/bin/python3\n"),
        ("/home/svc/code/off.py", 0o755, b"#!/usr/bin/python3\n"),
        ("/home/svc/code/ops/sweep.py", 0o755, b"#!/usr/bin/python3\n"),
        ("/opt/tiny/bin/native", 0o755, b"#!/bin/sh\nexec /usr/bin/python3 "),
        ("/usr/lib/python3/dist-packages/uvicorn/__main__.py", 0o644, b"import sys\n"),
    ],
)
def test_every_entry_point_is_a_stand_in(path: str, mode: int, start: bytes) -> None:
    assert FILES[path].mode == mode
    assert FILES[path].content.startswith(start)


def test_a_program_of_the_system_is_left_alone() -> None:
    assert not any(path.startswith("/usr/bin/") for path in (*FILES, *LINKS))


def test_generated_files_are_left_to_the_deploy() -> None:
    assert not {file.path for file in tiny().files} & FILES.keys()


def test_externals_are_stubs_but_for_those_of_the_distribution() -> None:
    assert "/usr/lib/systemd/system/redis-server.service" not in FILES
    assert b"standin.py" in FILES["/usr/lib/systemd/system/grafana-server.service"].content
    assert b"ExecStart=/bin/true" in FILES["/usr/lib/systemd/system/idle.service"].content


def test_enabled_is_what_is_declared_enabled() -> None:
    assert TREE.enable == ("grafana-server.service", "idle.service", "qtctl-lab-feeder.service")
    feeder = FILES["/usr/lib/systemd/system/qtctl-lab-feeder.service"].content
    assert b"\nWants=backup.service\n" in feeder


def test_the_timezone_is_the_declared_one() -> None:
    assert LINKS["/etc/localtime"] == "/usr/share/zoneinfo/Europe/Oslo"


def test_paths_are_sorted_and_said_once() -> None:
    for found in (TREE.dirs, TREE.files, TREE.links):
        paths = [each.path for each in found]
        assert paths == sorted(set(paths))


def test_a_store_of_its_own_gets_a_redis_of_its_own() -> None:
    desired = tiny()
    store = replace(desired.stores[0], name="cache", unit="backup.service", port=6380)
    tree = make_lab_tree(replace(desired, stores=(*desired.stores, store)), audit_user=AUDIT, deploy_user=DEPLOY)
    files = {file.path: file.content for file in tree.files}
    assert b"redis-server --bind 127.0.0.1 --port 6380" in files["/usr/lib/systemd/system/backup.service"]
    assert "qtctl-lab-feeder-cache.service" in tree.enable


def test_commands_around_a_service_do_nothing_and_its_log_has_a_folder_and_groups_are_there() -> None:
    first, *others = tiny().services
    changed = replace(
        first,
        commands=(
            DesiredCommand("ExecStartPre", "-", ("/opt/tiny/check", "a")),
            DesiredCommand("ExecStartPre", "", ("/usr/bin/python3", "/opt/tiny/warm.py")),
            DesiredCommand("ExecStop", "", ("/bin/kill", "$MAINPID")),
        ),
        settings=(("StandardOutput", "append:/var/log/tiny/a b.log"), ("SupplementaryGroups", "readers")),
    )
    tree = make_lab_tree(replace(tiny(), services=(changed, *others)), audit_user=AUDIT, deploy_user=DEPLOY)
    files = {file.path: (file.content, file.mode) for file in tree.files}
    assert files["/opt/tiny/check"] == files["/opt/tiny/warm.py"] == (b"#!/bin/sh\n", 0o755)
    assert TreeDir("/var/log/tiny") in tree.dirs
    assert Account("readers", "readers", "/var/lib/readers") in tree.accounts
    assert "/usr/bin/python3" not in files


@pytest.mark.parametrize(("line", "script"), [
    ("/bin/bash -xc /x", ""), ("/bin/sh -ec 'a\nb'", ""), ("/bin/bash -eo pipefail run", "/srv/run"), ("/bin/sh", ""),
    ("/bin/sh -s x", ""), ("/bin/bash -m run", "/srv/run"), ("/bin/sh -- run", "/srv/run"),
    ("/bin/bash --norc run", "/srv/run"), ("/usr/bin/python3 -um app", ""),
    ("/usr/bin/python3 -uW ignore app.py", "/srv/app.py"),
    ("/usr/bin/python3 -X dev app.py", "/srv/app.py"), ("/bin/bash ../x", ""), ("/opt/x -c y", ""),
])  # fmt: skip
def test_the_script_that_an_interpreter_runs(line: str, script: str) -> None:
    assert find_script(tuple(shlex.split(line)), "/srv") == script


def test_what_a_text_for_a_shell_says_is_no_program() -> None:
    first, *others = tiny().services
    text = DesiredCommand("ExecCondition", "", ("/usr/bin/bash", "-xc", "OEMS=(a b); echo x | tr ' ' \"\n\""))
    tree = make_lab_tree(
        replace(tiny(), services=(replace(first, commands=(text,)), *others)), audit_user=AUDIT, deploy_user=DEPLOY
    )
    assert not [file.path for file in tree.files if "OEMS" in file.path]


def test_the_owners_of_a_sockets_file_are_accounts() -> None:
    owners = (("ListenStream", "/run/x"), ("SocketUser", "door"), ("SocketGroup", "docker"), ("SocketGroup", "root"))
    socket = DesiredOther("x", "x.socket", "x", Origin("sockets.toml"), section="Socket", settings=owners, active=True)
    tree = make_lab_tree(replace(tiny(), other_units=(socket,)), audit_user=AUDIT, deploy_user=DEPLOY)
    assert {"door", "docker"} <= {account.name for account in tree.accounts}


@pytest.mark.parametrize(("type_", "said"), [("forking", True), ("notify", False)])
def test_a_redis_of_the_fleet_starts_as_its_unit_expects(type_: str, said: bool) -> None:
    first, *others = tiny().services
    changed = replace(first, argv=("/usr/bin/redis-server", "/etc/tiny/redis.conf"), entry_point="", type=type_,
                      settings=(("PIDFile", "/run/tiny/redis.pid"),), unit="redis-server.service")  # fmt: skip
    tree = make_lab_tree(replace(tiny(), services=(changed, *others)), audit_user=AUDIT, deploy_user=DEPLOY)
    config = {file.path: file.content for file in tree.files}["/etc/tiny/redis.conf"]
    assert (b"daemonize yes\npidfile /run/tiny/redis.pid\n" in config) is said
    hidden = {link.path: link.target for link in tree.links}
    assert hidden["/etc/systemd/system/redis-server.service.d/qtctl-lab.conf"] == "/dev/null"


@pytest.mark.parametrize(("unit", "address", "files", "links"), [
    ("redis.service", "127.0.0.1", set(), set()),
    ("redis.service", ALL, {"/etc/systemd/system/redis.service"}, {"/etc/systemd/system/redis-server.service"}),
    ("redis-server.service", ALL, {"/etc/systemd/system/redis-server.service"},
     {"/etc/systemd/system/redis-server.service.d/qtctl-lab.conf"}),
])  # fmt: skip
def test_a_redis_that_is_not_as_the_root_has_it(unit: str, address: str, files: set[str], links: set[str]) -> None:
    desired = tiny()
    (redis,) = [each for each in desired.externals if each.unit == "redis-server.service"]
    others = [each for each in desired.externals if each is not redis]
    ports = tuple(replace(port, address=address) for port in redis.ports)
    changed = replace(desired, externals=(*others, replace(redis, unit=unit, ports=ports)), stores=())
    tree = make_lab_tree(changed, audit_user=AUDIT, deploy_user=DEPLOY)
    assert {file.path for file in tree.files if "redis" in file.path and not file.yields} == files
    assert {link.path for link in tree.links if link.target == "/dev/null"} == links
    assert (unit in tree.enable) is bool(files)


def test_what_a_timer_starts_is_there() -> None:
    timer = replace(tiny().timers[0], name="x", unit="x.timer", starts="rasdaemon.service")
    tree = make_lab_tree(replace(tiny(), timers=(timer,)), audit_user=AUDIT, deploy_user=DEPLOY)
    assert "/usr/lib/systemd/system/rasdaemon.service" in {file.path for file in tree.files}


@pytest.mark.parametrize(("program", "settings", "path"), [
    ("celery", (), "/usr/bin/celery"), ("celery", (("ExecSearchPath", "/opt/a:/opt/b"),), "/opt/b/celery"),
    ("python3", (), ""), ("sh", (), ""), ("/opt/x", (), "/opt/x"),
])  # fmt: skip
def test_a_program_without_a_folder_is_where_systemd_looks(
    program: str, settings: tuple[tuple[str, str], ...], path: str
) -> None:
    first, *others = tiny().services
    run = replace(first, argv=(program, "worker"), entry_point="", venv="", settings=settings)
    early = replace(first, name="e", unit="tiny-e.service", commands=(DesiredCommand("ExecStop", "", (program,)),),
                    settings=settings)  # fmt: skip
    for service in (run, early):
        tree = make_lab_tree(replace(tiny(), services=(service, *others)), audit_user=AUDIT, deploy_user=DEPLOY)
        made = {file.path for file in tree.files if file.yields}
        assert path in made or not path
        assert all(each.startswith("/") for each in made)
        assert f"/usr/bin/{program}" not in made or path == f"/usr/bin/{program}"
