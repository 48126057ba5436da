"""Redis by TLS and on unix sockets, through a forwarded channel and from here."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from qtctl.adapters.local import LocalHost
from qtctl.adapters.ssh import connect
from qtctl.errors import HostError
from qtctl.interfaces.host import Host, StoreReply
from qtctl.model.desired_store import StoreTls
from qtctl.model.secret import Secret
from tests.adapters import servers

PING = [("PING",)]
PONG = [StoreReply("PONG")]


def sign(folder: Path, name: str, names: str, *, by: str = "ca") -> None:
    """A key and a certificate for these names, signed by `by`; by itself where that is its own name."""
    key, request = folder / f"{name}.key", folder / f"{name}.csr"
    run = subprocess.run
    made = ["-newkey", "ed25519", "-nodes", "-keyout", str(key), "-subj", f"/CN={name}", "-addext", names]
    if by == name:
        out = ["-x509", "-days", "2", "-out", str(folder / f"{name}.crt")]
        run(["openssl", "req", *made, *out], check=True, capture_output=True)
        return
    run(["openssl", "req", *made, "-out", str(request)], check=True, capture_output=True)
    signed = ["-CA", str(folder / f"{by}.crt"), "-CAkey", str(folder / f"{by}.key"), "-copy_extensions", "copy"]
    end = ["-days", "2", "-in", str(request), "-out", str(folder / f"{name}.crt")]
    run(["openssl", "x509", "-req", *signed, *end], check=True, capture_output=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    sign(folder, "ca", "basicConstraints=CA:true", by="ca")
    sign(folder, "other", "basicConstraints=CA:true", by="other")
    sign(folder, "server", "subjectAltName=DNS:redis.test,IP:127.0.0.1")
    sign(folder, "client", "subjectAltName=DNS:auditor")
    return folder


@pytest.fixture(scope="module")
def tls(certificates: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server that speaks nothing but TLS, and wants a client certificate."""
    files = {
        "tls-cert-file": "server.crt",
        "tls-key-file": "server.key",
        "tls-ca-cert-file": "ca.crt",
    }
    with servers.redis(
        tmp_path_factory.mktemp("tls"),
        tls=True,
        options={**{key: str(certificates / name) for key, name in files.items()}, "requirepass": "open-sesame"},
    ) as port:
        yield port


@pytest.fixture
def wanted(certificates: Path) -> StoreTls:
    ca, certificate, key = (str(certificates / name) for name in ("ca.crt", "client.crt", "client.key"))
    return StoreTls(ca, certificate, key, "127.0.0.1")


@pytest.fixture(params=["ssh", "local"])
def either(request: pytest.FixtureRequest) -> Iterator[Host]:
    if request.param == "local":
        with LocalHost() as here:
            yield here
    else:
        yield request.getfixturevalue("host")


@pytest.mark.parametrize("name", ["127.0.0.1", "redis.test"])
def test_tls(either: Host, tls: int, wanted: StoreTls, name: str) -> None:
    store = either.store("127.0.0.1", tls, Secret("open-sesame"), tls=replace(wanted, server_name=name))
    assert store.ask(PING, 5) == PONG
    many = store.ask([("TYPE", f"key{number}" * 20) for number in range(3000)], 20)
    assert {reply.value for reply in many} == {"none"}


WRONG = (
    ({"server_name": "redis.example"}, "not accepted.*redis.example"),
    ({"ca": "other.crt"}, "not accepted.*self-signed"),
    ({"ca": "nowhere.crt"}, "nowhere.crt: No such file"),
    ({"ca": "ca.key"}, "ca.key: it holds no usable certificate"),
    ({"certificate": "other.crt"}, "other.crt or .*client.key: it holds no usable certificate"),
    ({"certificate": "", "key": ""}, "certificate required|reset by peer|closed"),
)


@pytest.mark.parametrize(("changes", "message"), WRONG)
def test_tls_that_is_not_as_declared(
    either: Host, tls: int, wanted: StoreTls, changes: dict[str, str], message: str
) -> None:
    folder = Path(wanted.ca).parent
    files = {key: str(folder / value) if value and key != "server_name" else value for key, value in changes.items()}
    with pytest.raises(HostError, match=message) as caught:
        either.store("127.0.0.1", tls, None, tls=replace(wanted, **files)).ask(PING, 5)
    assert caught.value.hint
    assert ("tls-auth-clients" in caught.value.hint) == ("certificate" in changes and not changes["certificate"])


def test_tls_where_none_is_spoken(either: Host, wanted: StoreTls, tmp_path: Path) -> None:
    with servers.redis(tmp_path) as port, pytest.raises(HostError, match="no TLS"):
        either.store("127.0.0.1", port, None, tls=wanted).ask(PING, 2)


def test_a_key_with_a_passphrase_asks_nobody(certificates: Path, wanted: StoreTls, tls: int) -> None:
    locked = certificates / "locked.key"
    argv = ["openssl", "pkey", "-in", str(certificates / "client.key"), "-aes256", "-passout", "pass:x"]
    subprocess.run([*argv, "-out", str(locked)], check=True, capture_output=True)
    with LocalHost() as here, pytest.raises(HostError, match=r"locked\.key"):
        here.store("127.0.0.1", tls, None, tls=replace(wanted, key=str(locked))).ask(PING, 5)


def test_a_unix_socket(either: Host, tmp_path: Path) -> None:
    with servers.redis(tmp_path, options={"unixsocket": str(tmp_path / "redis.sock")}) as port:
        servers.redis_cli(port, "SET", "k", "v")
        store = either.store(str(tmp_path / "redis.sock"), 0, None)
        assert store.ask([("TYPE", "k"), *PING], 5) == [StoreReply("string"), *PONG]
    with pytest.raises(HostError, match=r"redis\.sock: not reached"):
        either.store(str(tmp_path / "redis.sock"), 0, None).ask(PING, 5)


def test_no_unix_socket_is_forwarded(tmp_path: Path) -> None:
    with (
        servers.redis(tmp_path, options={"unixsocket": str(tmp_path / "redis.sock")}),
        servers.sshd(tmp_path / "ssh", options=["AllowStreamLocalForwarding no"]) as server,
        connect("here", user=None, config=server.config()) as host,
        pytest.raises(HostError) as caught,
    ):
        host.store(str(tmp_path / "redis.sock"), 0, None).ask(PING, 5)
    assert "AllowStreamLocalForwarding" in caught.value.hint
