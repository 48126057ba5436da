"""Whether a host shows the key that known_hosts has for it, looked up as OpenSSH does."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qtctl.adapters import known_hosts, ssh_errors
from qtctl.adapters.known_hosts import Known
from qtctl.adapters.ssh_config import Settings
from qtctl.errors import Unreachable


@dataclass(frozen=True, slots=True)
class HostKeys:
    """What is known of a host under its name, and, with an odd port and no alias, under its name without the port."""

    settings: Settings
    files: tuple[str, ...]
    known: Known
    without_port: Known

    def algorithms(self, offered: Sequence[str]) -> tuple[str, ...]:
        """Of the algorithms on offer those that may be negotiated: of known keys only, where any is known."""
        if usable := tuple(name for name in self.known.algorithms if name in offered):
            return usable
        # A key kept without the port counts where it is the same; another one does not make the host a changed one.
        return tuple(sorted(offered, key=lambda name: name not in self.without_port.algorithms))

    def check(self, key_type: str, blob: bytes) -> None:
        """Unreachable where the key is unknown, another one, or revoked. `blob` in SSH wire format."""
        verdict = self.known.judge(blob)
        if verdict == "unknown" and (other := self.without_port.judge(blob)) in ("known", "revoked"):
            verdict = other
        if verdict != "known":
            raise ssh_errors.host_key(self.settings, verdict, f"{key_type} {known_hosts.fingerprint(blob)}", self.files)

    def no_known_type(self) -> Unreachable | None:
        """The error for a host that offers none of the known types; None where no type is known."""
        if not self.known.keys:
            return None
        return ssh_errors.no_known_type(self.settings, self.known.algorithms, self.files)


def read(settings: Settings) -> HostKeys:
    """Look a host up in its known_hosts files; files that do not exist know nothing."""
    files = (*settings.user_known_hosts, *settings.global_known_hosts)
    texts = [(file, text) for file in files if (text := _text(file)) is not None]
    known = known_hosts.look_up(texts, settings.known_as)
    plain = known_hosts.bare(settings.known_as)
    if settings.host_key_alias or plain == settings.known_as:
        return HostKeys(settings, files, known, Known(()))
    return HostKeys(settings, files, known, known_hosts.look_up(texts, plain))


def _text(file: str) -> str | None:
    try:
        return Path(file).read_text("utf-8", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unreachable(f"{file}: cannot be read: {error.strerror}", hint="host keys are looked up there") from error
