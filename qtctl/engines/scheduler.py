"""Where a Dask scheduler is, and how it is spoken to: what `--engine dask://SCHEDULER` may say."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address

from qtctl.dialects.endpoints import is_address, is_port
from qtctl.errors import InputError

PROCESSES = "processes"
"""The engine of this machine, as --engine names it."""
PORT = 8786
"""Where a scheduler listens unless told otherwise."""
_FORM = re.compile(r"(dask|tls|tcp)://(?:\[([^\]]+)\]|([^:/\[\]]+))(?::([0-9]{1,5}))?/?")
FORMS = f"{PROCESSES}, dask://HOST[:PORT], tls://HOST[:PORT]"
TLS_KEYS = "distributed.comm.tls.ca-file, .client.cert and .client.key"
"""What a client of a scheduler needs for TLS, in Dask's configuration."""


@dataclass(frozen=True, slots=True)
class Scheduler:
    """`scheme`: `dask`, `tls` or `tcp`, as given."""

    scheme: str
    host: str
    port: int

    @property
    def local(self) -> bool:
        """Whether it is on this machine, by an address that no other machine can reach."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.place}"

    @property
    def place(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_engine(given: str) -> Scheduler | None:
    """The scheduler that --engine names; None for the processes of this machine. InputError if it is neither."""
    if given == PROCESSES:
        return None
    found = _FORM.fullmatch(given)
    host, port = (found[2] or found[3], int(found[4] or PORT)) if found else ("", 0)
    if found is None or not is_address(host) or not is_port(port):
        raise InputError(f"{given!r} is not an engine", hint=f"one of {FORMS}")
    scheduler = Scheduler(found[1], host, port)
    if scheduler.scheme == "tcp" and not scheduler.local:
        what = f"{scheduler}: a scheduler on another machine is spoken to through TLS only"
        raise InputError(what, hint=f"tls://{scheduler.place}, or forward its port to this machine with ssh -L")
    return scheduler


def choose_address(scheduler: Scheduler, has_tls: Callable[[], bool]) -> str:
    """The address as Dask writes it. InputError if it needs TLS and `has_tls`, Dask's configuration, has none."""
    if scheduler.scheme == "tcp":
        return f"tcp://{scheduler.place}"
    if has_tls():
        return f"tls://{scheduler.place}"
    if scheduler.scheme == "dask" and scheduler.local:
        return f"tcp://{scheduler.place}"
    raise InputError(f"{scheduler}: Dask's configuration has no certificate for TLS", hint=f"set {TLS_KEYS}")
