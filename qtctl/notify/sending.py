"""Sending one notification. Whatever happens, the result says whether it may have arrived."""

import http.client
import json
import os
import signal
import ssl
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from qtctl.errors import InputError
from qtctl.notify.channels import Apprise, Channel, Command, Webhook

WITHIN_S = 30.0
_ACCEPTED = range(200, 300)
_REFUSED = range(300, 600)
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""What a command gets of the environment: no secret is among them."""


class Sent(Enum):
    DELIVERED = "delivered"
    NOT_SENT = "not sent"
    """It certainly did not arrive, so it is due again."""
    IN_DOUBT = "in doubt"
    """It may have arrived, so it is not sent again."""


Outcome = tuple[Sent, str]
"""And why, without any secret; "" if it was delivered."""
Record = Callable[[], None]
"""Writes down, durably, that the notification is about to go out."""


def send(channel: Channel, document: Mapping[str, Any], record: Record) -> Outcome:
    """`record` is called once all that can fail before the notification goes out has succeeded."""
    found: list[Outcome] = []
    attempt = _Attempt(record)
    thread = threading.Thread(target=lambda: found.append(_send(channel, document, attempt.begin)), daemon=True)
    thread.start()
    thread.join(WITHIN_S)
    if found:
        return found[0]
    return (Sent.IN_DOUBT if attempt.give_up() else Sent.NOT_SENT), f"no end in {WITHIN_S:g} s"


class _Attempt:
    """It either begins or is given up: a thread that is late sends nothing."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._lock = threading.Lock()
        self._begun = self._given_up = False

    def begin(self) -> None:
        with self._lock:
            if self._given_up:
                raise InputError("it took too long to begin")
            self._record()
            self._begun = True

    def give_up(self) -> bool:
        """Whether it had begun."""
        with self._lock:
            self._given_up = True
            return self._begun


def _send(channel: Channel, document: Mapping[str, Any], record: Record) -> Outcome:
    try:
        if isinstance(channel.way, Webhook):
            return _post(channel.way, document, record)
        if isinstance(channel.way, Command):
            return _run(channel.way, document, record)
        return _send_by_apprise(channel.way, document, record)
    except InputError as error:
        return Sent.NOT_SENT, str(error)
    except Exception as error:  # noqa: BLE001 - a library's own; its text may quote an address with a token
        return Sent.IN_DOUBT, f"{type(error).__name__}"


def _post(way: Webhook, document: Mapping[str, Any], record: Record) -> Outcome:
    """It connects first, so that only what is sent after `record` can be lost or doubled."""
    parts = urlsplit(way.url.reveal())
    body = json.dumps(document).encode()
    connection = _make_connection(parts.scheme, parts.hostname or "", parts.port)
    try:
        connection.connect()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        return Sent.NOT_SENT, f"no connection: {getattr(error, 'strerror', None) or type(error).__name__}"
    try:
        record()
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, _make_headers(way, document))
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return Sent.IN_DOUBT, f"no answer: {type(error).__name__}"
    finally:
        connection.close()
    if status in _ACCEPTED:
        return Sent.DELIVERED, ""
    return (Sent.NOT_SENT if status in _REFUSED else Sent.IN_DOUBT), f"HTTP status {status}"


def _make_connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=WITHIN_S / 2, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=WITHIN_S / 2)


def _make_headers(way: Webhook, document: Mapping[str, Any]) -> dict[str, str]:
    found = {
        "Content-Type": "application/json",
        "User-Agent": "qtctl",
        "Idempotency-Key": str(document["key"]),
        "Connection": "close",
    }
    return found | ({"Authorization": f"Bearer {way.token.reveal()}"} if way.token else {})


def _run(way: Command, document: Mapping[str, Any], record: Record) -> Outcome:
    """The notification is on its standard input; no part of it is an argument."""
    record()
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    try:
        process = subprocess.Popen(
            way.argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
            env=environment, start_new_session=True,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        return Sent.NOT_SENT, f"{way.argv[0]} cannot be run: {getattr(error, 'strerror', None) or error}"
    try:
        process.communicate(json.dumps(document).encode() + b"\n", WITHIN_S / 2)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return Sent.IN_DOUBT, f"{way.argv[0]} did not end in {WITHIN_S / 2:g} s"
    if process.returncode == 0:
        return Sent.DELIVERED, ""
    ended = f"exit {process.returncode}" if process.returncode > 0 else f"signal {-process.returncode}"
    return Sent.NOT_SENT, f"{way.argv[0]} ended with {ended}"


def _send_by_apprise(way: Apprise, document: Mapping[str, Any], record: Record) -> Outcome:
    try:
        import apprise  # noqa: PLC0415 - an extra, and slow to load
    except ImportError as error:
        raise InputError("apprise is not installed", hint="pip install 'qtctl[notify]'") from error
    apprise.logger.disabled = True
    service = apprise.Apprise()
    if not service.add(way.url.reveal()):
        return Sent.NOT_SENT, "apprise does not support such an address"
    record()
    kinds = {"recovered": apprise.NotifyType.SUCCESS, "new": apprise.NotifyType.FAILURE}
    kind = kinds.get(str(document["kind"]), apprise.NotifyType.WARNING)
    sent = service.notify(
        title=f"qtctl: {document['fleet']}", body=str(document["text"]), notify_type=kind, interpret_escapes=False
    )
    return (Sent.DELIVERED, "") if sent else (Sent.NOT_SENT, "apprise could not deliver it")
