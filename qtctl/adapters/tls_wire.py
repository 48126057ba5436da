"""TLS over our own byte stream, which need not be a socket: an SSH channel is not one.

The server's certificate and its name are always verified. OpenSSL bounds what it reads of a handshake.
"""

import ssl

from qtctl.adapters.bounds import KIB, Deadline, shorten_output
from qtctl.adapters.byte_stream import Wire, receive, send_all
from qtctl.errors import HostError
from qtctl.model.desired_store import StoreTls

_AT_A_TIME = 64 * KIB


def open_tls(wire: Wire, wanted: StoreTls, place: str, host: str, deadline: Deadline) -> "TlsWire":
    """Shake hands. HostError if a file cannot be used, or if the server is not the right one; then it is closed."""
    try:
        found = TlsWire(wire, _make_context(wanted, place, host), wanted.server_name)
        found.shake_hands(deadline)
    except (ssl.SSLError, OSError, EOFError) as error:
        wire.close()
        raise HostError(
            f"{place}: no TLS: {_explain_failure(error)}", host=host, hint=_suggest_fix(error, wanted)
        ) from error
    except HostError:
        wire.close()
        raise
    return found


class TlsWire:
    """qtctl.adapters.byte_stream.Wire. A timeout is for a whole call, however the bytes arrive."""

    def __init__(self, wire: Wire, context: ssl.SSLContext, server_name: str) -> None:
        self._wire = wire
        self._came, self._goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._came, self._goes, server_hostname=server_name)
        self._within_s: float | None = None

    def settimeout(self, timeout: float | None, /) -> None:
        self._within_s = timeout

    def shake_hands(self, deadline: Deadline) -> None:
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._exchange(deadline)
            else:
                self._flush(deadline)
                return

    def send(self, data: bytes, /) -> int:
        deadline = self._make_deadline()
        while True:
            try:
                sent = self._tls.write(data)
            except ssl.SSLWantReadError:
                self._exchange(deadline)
            else:
                self._flush(deadline)
                return sent

    def recv(self, size: int, /) -> bytes:
        deadline = self._make_deadline()
        while True:
            try:
                return self._tls.read(size)
            except ssl.SSLWantReadError:
                self._exchange(deadline)
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def close(self) -> None:
        self._wire.close()

    def _make_deadline(self) -> Deadline:
        return Deadline(_LONGEST_S if self._within_s is None else self._within_s)

    def _exchange(self, deadline: Deadline) -> None:
        """Send what is waiting, then take what comes next."""
        self._flush(deadline)
        data = receive(self._wire, _AT_A_TIME, deadline)
        if data:
            self._came.write(data)
        else:
            self._came.write_eof()

    def _flush(self, deadline: Deadline) -> None:
        if waiting := self._goes.read():
            send_all(self._wire, waiting, deadline)


_LONGEST_S = 60.0


def _make_context(wanted: StoreTls, place: str, host: str) -> ssl.SSLContext:
    """Read the files that the registry names, on this machine. HostError for one that cannot be used."""
    file = ""
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if file := wanted.ca:
            context.load_verify_locations(file)
        else:
            context.load_default_certs()
        if file := wanted.certificate:
            context.load_cert_chain(file, wanted.key, password=_refuse_passphrase)
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else ""
        reason = what or "it holds no usable certificate"
        named = f"{file} or {wanted.key}" if file == wanted.certificate and file != wanted.ca else file
        hint = "tls of stores.toml names files of the machine that runs qtctl, in PEM, a key without a passphrase"
        raise HostError(f"{place}: no TLS: {named}: {reason}", host=host, hint=hint) from error
    return context


def _refuse_passphrase() -> str:
    """OpenSSL would prompt at the terminal."""
    return ""


def _explain_failure(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {shorten_output(error.verify_message)}"
    if isinstance(error, ssl.SSLEOFError):
        return "it closed the connection in the middle of the handshake"
    if isinstance(error, ssl.SSLError):
        return shorten_output((error.reason or str(error)).replace("_", " ").lower())
    return shorten_output(str(error)) or "it closed the connection"


def _suggest_fix(error: Exception, wanted: StoreTls) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"ca and server_name ({wanted.server_name}) of its tls in stores.toml say what is accepted"
    if isinstance(error, ssl.SSLError):
        return "does Redis speak TLS on that port (tls-port), and does it want a client certificate (tls-auth-clients)?"
    return "does Redis answer there?"
