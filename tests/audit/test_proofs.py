"""Printed proofs, run by a shell: each prints the line it claims."""

import hashlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qtctl.model.desired_store import DesiredStore
from qtctl.model.evidence import Need
from qtctl.model.facts import File
from qtctl.rules import proofs
from qtctl.rules.rule import ProofSource
from tests.builders.audited import listener, store

NEED = Need("test", "x")
ODD = "a b'$(id);\"c"


def printed(source: ProofSource) -> list[str]:
    done = subprocess.run(["sh", "-c", source.again], capture_output=True, text=True, check=False, timeout=20)
    return done.stdout.splitlines()


def shows(source: ProofSource) -> bool:
    return source.line in printed(source)


def test_files_with_any_name(tmp_path: Path) -> None:
    path = tmp_path / ODD
    path.write_text("x")
    path.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to("/nowhere")
    status = path.stat()
    file = File("file", "0640", path.owner(), path.group(), status.st_size, 0)
    assert shows(proofs.prove_permissions(NEED, str(path), file))
    assert shows(proofs.prove_presence(NEED, str(path), present=True))
    assert shows(proofs.prove_presence(NEED, str(link), present=True))
    assert shows(proofs.prove_presence(NEED, str(tmp_path / "no"), present=False))
    assert not shows(proofs.prove_presence(NEED, str(path), present=False))
    assert shows(proofs.prove_kind(NEED, str(tmp_path), File("dir", "0755", "root", "root", 0, 0)))
    assert shows(proofs.prove_kind(NEED, str(path), file))
    assert shows(proofs.prove_kind(NEED, str(link), File("link", "0777", "root", "root", 0, 0, target="/nowhere")))
    plain = tmp_path / "plain name.service"
    plain.write_text("y")
    assert shows(proofs.digest(NEED, str(plain), hashlib.sha256(b"y").hexdigest()))


def test_interpreters(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.symlink_to("/opt/gone/python3")
    assert shows(proofs.prove_link_end(NEED, str(python), "/opt/gone/python3"))
    assert shows(proofs.prove_executable(NEED, str(python), yes=False))
    python.unlink()
    python.symlink_to("/usr/bin/python3")
    assert shows(proofs.prove_executable(NEED, str(python), yes=True))
    assert shows(proofs.prove_interpreter(NEED, str(python.resolve()), 0))


@pytest.mark.skipif(shutil.which("ss") is None, reason="ss is not installed")
def test_sockets() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        port = listener(port=number)
        row = ["127.0.0.1", str(number), "", f"tcp LISTEN 0 128 127.0.0.1:{number} 0.0.0.0:*"]
        assert shows(proofs.prove_listener(NEED, port, row))
        assert shows(proofs.prove_owner(NEED, port, row))
        assert shows(proofs.prove_other_address(NEED, listener("127.0.0.2", number)))
        assert not shows(proofs.prove_no_listener(NEED, port))
        line = subprocess.run(
            ["ss", "-H", "-lntu", "--cgroup", f"sport = :{number}"], capture_output=True, text=True, check=True
        ).stdout
        assert shows(proofs.prove_owner(NEED, port, [*row[:3], line]))
    assert shows(proofs.prove_no_listener(NEED, port))


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DesiredStore]:
    if shutil.which("redis-server") is None or shutil.which("redis-cli") is None:
        pytest.skip("redis-server is not installed")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        number = probe.getsockname()[1]
    words = f"redis-server --port {number} --bind 127.0.0.1 --save --dir".split()
    directory = str(tmp_path_factory.mktemp("redis"))
    with subprocess.Popen([*words, directory], stdout=subprocess.DEVNULL) as server:
        there = store(port=number)
        deadline = time.monotonic() + 10
        while not shows(proofs.prove_info(NEED, there, "loading", 0)) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield there
        server.terminate()


def cli(there: DesiredStore, *words: str) -> str:
    argv = ["redis-cli", "-h", there.address, "-p", str(there.port), *words]
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=10).stdout.strip()


def test_keys_and_groups(redis: DesiredStore) -> None:
    key, group = "a stream:'x", 'my "group"'
    newest = cli(redis, "XADD", key, "*", "secret-field", "secret-value")
    cli(redis, "XGROUP", "CREATE", key, "other", "$")
    cli(redis, "XGROUP", "CREATE", key, group, "0")
    assert shows(proofs.prove_key_type(NEED, redis, key, "stream"))
    assert shows(proofs.prove_key_type(NEED, redis, "none such", "none"))
    fresh = proofs.prove_newest_entry(NEED, redis, key, newest)
    assert shows(fresh)
    assert not any("secret" in line for line in printed(fresh))
    assert shows(proofs.prove_group_count(NEED, redis, key, group, 1))
    assert shows(proofs.prove_group_count(NEED, redis, key, "nobody", 0))
    assert shows(proofs.prove_group_count(NEED, redis, "none such", group, 0))
    for odd in ("team/api", "a\\b", "1e1", "pending"):
        assert shows(proofs.prove_group_count(NEED, redis, key, odd, 0))
        cli(redis, "XGROUP", "CREATE", key, odd, "0")
        assert shows(proofs.prove_group_count(NEED, redis, key, odd, 1))
        assert printed(proofs.group_field(NEED, redis, (key, odd), "lag", 1)) == ["lag 1"]
    assert shows(proofs.prove_group_count(NEED, redis, key, "10", 0))
    assert printed(proofs.prove_stream_field(NEED, redis, key, "entries-added", 1)) == ["entries-added 1"]
    assert printed(proofs.prove_stream_field(NEED, redis, key, "recorded-first-entry-id", newest)) == [
        f"recorded-first-entry-id {newest}"
    ]
    pair = (key, group)
    assert printed(proofs.group_field(NEED, redis, pair, "lag", 1)) == ["lag 1"]
    assert printed(proofs.group_field(NEED, redis, pair, "pending", 0)) == ["pending 0"]
    middle = [cli(redis, "XADD", key, "*", "a", "b") for _ in range(3)][1]
    cli(redis, "XDEL", key, middle)
    assert printed(proofs.group_field(NEED, redis, pair, "lag", None)) == ["lag "]


def test_nobody_answers() -> None:
    if shutil.which("redis-cli") is None:
        pytest.skip("redis-cli is not installed")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        number = probe.getsockname()[1]
    assert shows(proofs.prove_no_answer(NEED, store(port=number)))


def test_a_password_is_named_and_never_printed() -> None:
    source = proofs.prove_info(NEED, store(password_env="REDIS_PASSWORD"), "loading", 0)
    assert source.again.startswith('REDISCLI_AUTH="$REDIS_PASSWORD" timeout 10 redis-cli ')


def test_unit_names_are_quoted() -> None:
    assert (
        proofs.prove_unit_property(NEED, "-.mount", "ActiveState", "active").again
        == "systemctl show -p ActiveState -- -.mount"
    )
    assert (
        "'quantum-a\\x2db.service'" in proofs.prove_unit_property(NEED, "quantum-a\\x2db.service", "Result", "x").again
    )
