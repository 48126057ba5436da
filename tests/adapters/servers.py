"""Real servers on the loopback, each with its own files, ended by the test that started them."""

import getpass
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SSHD = "/usr/sbin/sshd"
USER = getpass.getuser()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def make_key(path: Path, *, kind: str = "ed25519", bits: int | None = None, passphrase: str = "") -> str:
    """A key pair; returns the public half as one line."""
    size = [] if bits is None else ["-b", str(bits)]
    subprocess.run(["ssh-keygen", "-q", "-t", kind, *size, "-N", passphrase, "-f", str(path)], check=True)
    return path.with_name(path.name + ".pub").read_text().strip()


@dataclass
class Sshd:
    """A running sshd, and client files that fit it. `config()` writes them again with what a test changes."""

    folder: Path
    port: int
    host_key: str
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    @property
    def name(self) -> str:
        return f"[127.0.0.1]:{self.port}"

    def knows(self, *lines: str) -> None:
        self.known_hosts.write_text("".join(f"{line}\n" for line in lines))

    def config(self, alias: str = "here", **options: str) -> Path:
        """A client config whose `alias` is this server."""
        settings = {
            "HostName": "127.0.0.1",
            "Port": str(self.port),
            "User": USER,
            "IdentityFile": str(self.folder / "client"),
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "UserKnownHostsFile": str(self.known_hosts),
            "GlobalKnownHostsFile": "/dev/null",
        } | options
        path = self.folder / f"config-{alias}"
        path.write_text(f"Host {alias}\n" + "".join(f"  {key} {value}\n" for key, value in settings.items()))
        return path


def _host_key(path: Path, kind: str, bits: int | None) -> str:
    return path.with_name("host.pub").read_text().strip() if path.exists() else make_key(path, kind=kind, bits=bits)


HIDE = """
mount -t tmpfs tmpfs "$0" && mkdir "$0/up" "$0/work" && mknod "$0/up/$1" c 0 0 &&
mount -t overlay -o "lowerdir=/usr/bin,upperdir=$0/up,workdir=$0/work" overlay /usr/bin && shift && exec "$@"
"""
"""Runs a command in a mount namespace of its own, in which a program of /usr/bin is not installed."""


@contextmanager
def sshd(
    folder: Path,
    *,
    options: Sequence[str] = (),
    key_kind: str = "ed25519",
    bits: int | None = None,
    without: str = "",
) -> Iterator[Sshd]:
    """A server; a host key that the folder has already is kept. `without`: a program that it does not have."""
    folder.mkdir(parents=True, exist_ok=True)
    if USER == "root":
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    host_key = _host_key(folder / "host", key_kind, bits)
    (folder / "authorized_keys").write_text(make_key(folder / "client") + "\n")
    port = free_port()
    lines = [
        f"ListenAddress 127.0.0.1:{port}",
        f"HostKey {folder / 'host'}",
        f"AuthorizedKeysFile {folder / 'authorized_keys'}",
        f"PidFile {folder / 'pid'}",
        "StrictModes no",
        "UsePAM no",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        *options,
        *([] if any(option.startswith("Subsystem") for option in options) else ["Subsystem sftp internal-sftp"]),
    ]
    (folder / "sshd_config").write_text("".join(f"{line}\n" for line in lines))
    with (folder / "log").open("wb") as log:
        command = [SSHD, "-D", "-e", "-f", str(folder / "sshd_config")]
        if without:
            (folder / "hidden").mkdir()
            command = ["unshare", "-m", "sh", "-c", HIDE, str(folder / "hidden"), without, *command]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    server = Sshd(folder, port, " ".join(host_key.split()[:2]))
    server.knows(f"{server.name} {server.host_key}")
    try:
        until_listening(port, process, folder / "log")
        yield server
    finally:
        process.terminate()
        process.wait(5)


@contextmanager
def redis(
    folder: Path, *, options: Mapping[str, str] = {}, acl: Sequence[str] = (), tls: bool = False
) -> Iterator[int]:
    """A redis-server; gives its port. `tls`: it speaks TLS there, and nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    ports = {"port": "0", "tls-port": str(port)} if tls else {"port": str(port)}
    settings = {**ports, "bind": "127.0.0.1", "save": '""', "dir": str(folder)} | dict(options)
    text = "".join(f"{key} {value}\n" for key, value in settings.items()) + "".join(f"user {line}\n" for line in acl)
    (folder / "redis.conf").write_text(text)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["redis-server", str(folder / "redis.conf")], stdout=log, stderr=log)
    try:
        until_listening(port, process, folder / "log")
        yield port
    finally:
        process.terminate()
        process.wait(5)


def redis_cli(port: int, *command: str) -> str:
    ran = subprocess.run(["redis-cli", "-p", str(port), *command], capture_output=True, text=True, check=True)
    return ran.stdout


def until_listening(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 5
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise RuntimeError(f"nothing listens on {port}: {log.read_text()}")


def missing() -> list[str]:
    """Programs these tests need that are not installed here."""
    return [name for name in (SSHD, "ssh", "ssh-keygen", "ssh-agent", "redis-server") if shutil.which(name) is None]
