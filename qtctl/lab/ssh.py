"""SSH access to lab hosts with strict host key checking: one key pair and one OpenSSH config for the lab."""

from collections.abc import Callable, Iterable
from pathlib import Path

from qtctl.lab.shell import run
from qtctl.lab.state import HostState, hold_state_lock, locate_state, write_atomically


def locate_ssh_folder() -> Path:
    return locate_state() / "ssh"


def locate_config() -> Path:
    return locate_ssh_folder() / "ssh_config"


def locate_known_hosts() -> Path:
    return locate_ssh_folder() / "known_hosts"


def locate_key() -> Path:
    return locate_ssh_folder() / "id_ed25519"


def ensure_public_key() -> str:
    """The lab's public key, as one line; the key pair is generated at first use."""
    key = locate_key()
    with hold_state_lock("ssh", ".lock"):
        if not key.is_file():
            make_key(key, "qtctl-lab")
    return key.with_suffix(".pub").read_text().strip()


def make_key(path: Path, comment: str) -> str:
    """Generate an ed25519 key pair at `path` and `path`.pub; returns the public key as one line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in (path, path.with_name(f"{path.name}.pub")):
        old.unlink(missing_ok=True)
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)])
    return path.with_name(f"{path.name}.pub").read_text().strip()


def write_config(hosts: Callable[[], Iterable[HostState]]) -> None:
    """Write ssh_config and known_hosts for all lab hosts. `hosts` is called while the lock is held."""
    with hold_state_lock("ssh", ".lock"):
        found = list(hosts())
        write_atomically(locate_known_hosts(), format_known_hosts(found).encode())
        write_atomically(locate_config(), format_config(found, locate_ssh_folder()).encode())


def format_known_hosts(hosts: Iterable[HostState]) -> str:
    return "".join(f"{host.address} {' '.join(host.host_key.split()[:2])}\n" for host in hosts)


def format_config(hosts: Iterable[HostState], folder: Path) -> str:
    """OpenSSH client configuration, without User: that is left to the caller."""
    return "".join(
        f"Host {host.name}\n"
        f"  HostName {host.address}\n"
        f'  IdentityFile "{folder}/id_ed25519"\n'
        f"  IdentitiesOnly yes\n"
        f'  UserKnownHostsFile "{folder}/known_hosts"\n'
        f"  GlobalKnownHostsFile /dev/null\n"
        f"  StrictHostKeyChecking yes\n"
        for host in hosts
    )
