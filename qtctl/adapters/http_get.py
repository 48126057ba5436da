"""GET over our own byte streams (forwarded channels, sockets), many at the same time, each with its own deadline.

Only GET: no redirect is followed, no name is resolved, and reads are bounded. http.client takes 15 ms to import, and
reads a line as long as someone sends it byte by byte.
"""

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace

from qtctl.adapters.bounds import KIB, Deadline, shorten_output
from qtctl.adapters.byte_stream import Wire, close_wire, receive, send_all
from qtctl.dialects.http import MOST_BODY, choose_near_address, format_authority, quote_request_path
from qtctl.errors import HostError, Refused, Unreachable
from qtctl.model.inquiry import HealthQuestion
from qtctl.probes.health import HttpReply

AT_ONCE = 16
MOST_HEAD = 32 * KIB
_MOST_INTERIM = 8
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\r\n]*)?\r?\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"(?im)^content-length:[ \t]*([0-9]{1,18})[ \t]*\r?$")
_CHUNKED = re.compile(rb"(?im)^transfer-encoding:.*\bchunked[ \t]*\r?$")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[^\r\n]{0,200}\r?\n")
_FIRST_FINAL = 200
_A_MOMENT_S = 0.05
LATE_HELP = "something on the host is slow or hangs: the other unknowns say what; then audit again"
CLOSED_HELP = "find out why sshd there hangs or ends connections (`journalctl -u ssh`), then audit again"

Dial = Callable[[str, int, float], Wire]
"""Address, port and seconds → a stream. HostError if nothing accepts the connection."""


class NotHttp(Exception):
    """The reply is not an HTTP response."""


class Gets:
    """qtctl.interfaces.host.Gets: begun at once, in threads of its own."""

    def __init__(self, dial: Dial, questions: Sequence[HealthQuestion], closed: Callable[[], str]) -> None:
        """`closed`: why the connection to the host is closed, '' if it is open; then no program is to blame."""
        self._dial, self._questions, self._closed = dial, questions, closed
        self._replies: list[HttpReply | None] = [None] * len(questions)
        self._left = deque(range(len(questions)))
        count = min(AT_ONCE, len(questions))
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def finish(self, deadline_s: float) -> list[HttpReply]:
        """The replies in order of the questions. A reply that misses the deadline is refused."""
        until = time.monotonic() + deadline_s
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self._left.clear()
        late = HttpReply(refused="the time for this audit was up before it answered", help=LATE_HELP)
        return [reply or late for reply in self._replies]

    def _run(self) -> None:
        while True:
            try:
                number = self._left.popleft()
            except IndexError:
                return
            reply = _get(self._dial, self._questions[number])
            why = self._explain_close() if reply.error else ""
            self._replies[number] = HttpReply(refused=why, help=CLOSED_HELP, took_s=reply.took_s) if why else reply

    def _explain_close(self) -> str:
        """Streams end a moment before their connection reports that it has."""
        time.sleep(_A_MOMENT_S)
        return self._closed()


def _get(dial: Dial, question: HealthQuestion) -> HttpReply:
    began, within_s = time.monotonic(), question.within_us / 1e6
    try:
        reply = _ask(dial, question, within_s)
    except TimeoutError:
        reply = HttpReply(error=f"no answer in {within_s:g} s")
    except NotHttp as error:
        reply = HttpReply(error=str(error))
    except (Refused, Unreachable) as error:
        reply = HttpReply(refused=error.explain_beside(error.host))
    except HostError as error:
        reply = HttpReply(error=error.explain_beside(error.host))
    except (OSError, EOFError) as error:
        reply = HttpReply(error=shorten_output(str(error)) or "it closed the connection")
    except Exception as error:  # noqa: BLE001 - a library's own, at what a host sent: this thread has nobody else to tell
        reply = HttpReply(refused=f"not understood: {shorten_output(f'{type(error).__name__} {error}')}")
    return _add_time(reply, time.monotonic() - began)


def _add_time(reply: HttpReply, took_s: float) -> HttpReply:
    return replace(reply, took_s=took_s)


def _ask(dial: Dial, question: HealthQuestion, within_s: float) -> HttpReply:
    """Connecting has its own share of the time: a round trip is not the program's fault."""
    began, address = time.monotonic(), choose_near_address(question.address)
    wire = dial(address, question.port, within_s)
    try:
        deadline = Deadline(within_s + time.monotonic() - began)
        place = format_authority(address, question.port)
        head = (
            f"GET {quote_request_path(question.path)} HTTP/1.1\r\nHost: {place}\r\nUser-Agent: qtctl\r\nAccept: */*\r\n"
        )
        send_all(wire, f"{head}Accept-Encoding: identity\r\nConnection: close\r\n\r\n".encode(), deadline)
        return _Answer(wire, deadline).read(body=bool(question.text or question.keys))
    finally:
        close_wire(wire)


class _Answer:
    """An HTTP/1 response, read from a stream."""

    def __init__(self, wire: Wire, deadline: Deadline) -> None:
        self._wire, self._deadline = wire, deadline
        self._held = b""
        self._ended = False

    def read(self, *, body: bool) -> HttpReply:
        """The first response that is not an interim one, with up to `MOST_BODY` of its body if wanted."""
        for _ in range(_MOST_INTERIM):
            status, head = self._read_head()
            if status >= _FIRST_FINAL:
                content, whole = self._read_body(head) if body else (b"", True)
                return HttpReply(status, content, whole)
        raise NotHttp("interim responses without end")

    def _read_more(self) -> bool:
        """Whether anything arrived."""
        piece = b"" if self._ended else receive(self._wire, 16 * KIB, self._deadline)
        self._held += piece
        self._ended = not piece
        return bool(piece)

    def _read_head(self) -> tuple[int, bytes]:
        while (end := _HEAD_END.search(self._held)) is None:
            if len(self._held) > MOST_HEAD:
                raise NotHttp(f"no end of headers in {MOST_HEAD // KIB} KiB")
            if not self._read_more():
                raise NotHttp("it closed the connection in the middle of an answer" if self._held else _SILENT)
        head, self._held = self._held[: end.end()], self._held[end.end() :]
        found = _STATUS.match(head)
        if found is None:
            raise NotHttp(f"no HTTP: {shorten_output(head[:80])}")
        return int(found[1]), head

    def _read_body(self, head: bytes) -> tuple[bytes, bool]:
        if _CHUNKED.search(head):
            return self._read_chunks()
        length = _LENGTH.search(head)
        wanted = int(length[1]) if length else None
        most = MOST_BODY if wanted is None else min(wanted, MOST_BODY)
        while len(self._held) <= most and (wanted is None or len(self._held) < wanted) and self._read_more():
            pass
        if wanted is not None and len(self._held) < most:
            raise NotHttp("it closed the connection in the middle of an answer")
        whole = wanted <= MOST_BODY if wanted is not None else len(self._held) <= MOST_BODY
        return self._held[:most], whole

    def _read_chunks(self) -> tuple[bytes, bool]:
        body = b""
        while len(body) < MOST_BODY:
            size = self._read_chunk_size()
            if size == 0:
                return body, True
            wanted = min(size, MOST_BODY + 1)
            while len(self._held) < wanted + 2 and self._read_more():
                pass
            if len(self._held) < wanted:
                raise NotHttp("it closed the connection in the middle of an answer")
            body += self._held[:wanted]
            self._held = self._held[wanted:].lstrip(b"\r\n")
        return body[:MOST_BODY], False

    def _read_chunk_size(self) -> int:
        while (found := _CHUNK.match(self._held)) is None:
            if len(self._held) > KIB or not self._read_more():
                raise NotHttp("a chunk without its size")
        self._held = self._held[found.end() :]
        return int(found[1], 16)


_SILENT = "it closed the connection without an answer"
