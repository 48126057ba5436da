"""Writes a tree of files over SFTP (version 3), pipelined: 64 files take three round trips, whatever the distance.

paramiko's SFTP client waits for each answer: four round trips per file.
"""

import posixpath
import struct
from collections.abc import Iterable, Iterator, Sequence

from qtctl.adapters.bounds import SFTP_PACKET, Deadline, shorten_output
from qtctl.adapters.byte_stream import Wire, receive, send_all
from qtctl.errors import HostError, Refused
from qtctl.model.tree import TreeFile

_INIT, _VERSION, _OPEN, _CLOSE, _WRITE, _MKDIR, _STATUS, _HANDLE = 1, 2, 3, 4, 6, 14, 101, 102
_WRITE_NEW = 0x02 | 0x08 | 0x20  # write, create, and fail if it exists
_PERMISSIONS = 0x04
_DENIED = 3
_AT_ONCE = 64
_CHUNK = 32000
_OUTSTANDING = 1 << 20
"""Bytes sent before answers are read: below the window that sshd gives, so that neither side waits for the other."""
_HANDLES = range(5, 4 + 256 + 1)
"""The length of an answer with a handle: a length field, and up to 256 bytes."""
_WITHIN_S, _SLOWEST = 30.0, 16 * 1024
"""A tree must be written within so many seconds, plus one second per so many bytes."""


class Tree:
    """One SFTP session on a channel that runs the sftp subsystem."""

    def __init__(self, wire: Wire, host: str, within_s: float = _WITHIN_S) -> None:
        """`within_s`: the time for this, and the least for each tree. TimeoutError after it."""
        self._wire = wire
        self._host = host
        self._last = 0
        self._buffer = bytearray()
        self._within_s = within_s
        self._deadline = Deadline(within_s)
        send_all(wire, _encode_packet(_INIT, struct.pack(">I", 3)), self._deadline)
        kind, _, _ = self._read(numbered=False)
        if kind != _VERSION:
            raise self._explain_odd_reply(kind)

    def write(self, directory: str, files: Sequence[TreeFile]) -> None:
        """Make `directory` (0700), the folders below it that are needed (0700), and the files (0600)."""
        self._deadline = Deadline(self._within_s + sum(len(file.content) for file in files) / _SLOWEST)
        folders = [directory, *(posixpath.join(directory, folder) for folder in list_folders(files))]
        for path, answer in zip(folders, self._ask(_encode_mkdir(path) for path in folders), strict=True):
            self._check(answer, path)
        for start in range(0, len(files), _AT_ONCE):
            self._write_some(directory, files[start : start + _AT_ONCE])

    def _write_some(self, directory: str, files: Sequence[TreeFile]) -> None:
        paths = [posixpath.join(directory, file.path) for file in files]
        handles: list[bytes] = []
        for path, (kind, body) in zip(paths, self._ask(_open(path) for path in paths), strict=True):
            if kind != _HANDLE or len(body) not in _HANDLES:
                self._check((kind, body), path)
                raise self._explain_odd_reply(kind)
            handles.append(body)
        asked = [
            (path, request)
            for path, handle, file in zip(paths, handles, files, strict=True)
            for request in _fill(handle, file.content)
        ]
        for (path, _), answer in zip(asked, self._ask(request for _, request in asked), strict=True):
            self._check(answer, path)

    def _ask(self, requests: Iterable[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        """Send all, in portions, and return the answers in the order of the requests."""
        answers: dict[int, tuple[int, bytes]] = {}
        order: list[int] = []
        size = 0
        for kind, body in requests:
            self._last += 1
            order.append(self._last)
            packet = _encode_packet(kind, struct.pack(">I", self._last) + body)
            send_all(self._wire, packet, self._deadline)
            size += len(packet)
            if size > _OUTSTANDING:
                self._collect(answers, len(order))
                size = 0
        self._collect(answers, len(order))
        return [answers[number] for number in order]

    def _collect(self, answers: dict[int, tuple[int, bytes]], wanted: int) -> None:
        """Wait until `wanted` answers have arrived, to the latest requests."""
        first = self._last - wanted + 1
        while len(answers) < wanted:
            kind, number, body = self._read(numbered=True)
            if not first <= number <= self._last or number in answers:
                raise HostError(
                    "SFTP answers a question that was not asked", host=self._host, hint="not an SFTP server?"
                )
            answers[number] = (kind, body)

    def _read(self, *, numbered: bool) -> tuple[int, int, bytes]:
        (length,) = struct.unpack(">I", self._read_exactly(4))
        if not (5 if numbered else 1) <= length <= SFTP_PACKET:
            raise HostError(f"an SFTP answer of {length} bytes", host=self._host, hint="not an SFTP server?")
        packet = self._read_exactly(length)
        if not numbered:
            return packet[0], 0, packet[1:]
        return packet[0], struct.unpack(">I", packet[1:5])[0], packet[5:]

    def _read_exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            data = receive(self._wire, 65536, self._deadline)
            if not data:
                raise HostError("no SFTP", host=self._host, hint="is `Subsystem sftp` set in its sshd_config?")
            self._buffer += data
        found = bytes(self._buffer[:size])
        del self._buffer[:size]
        return found

    def _check(self, answer: tuple[int, bytes], path: str) -> None:
        kind, body = answer
        if kind != _STATUS or len(body) < 4:  # noqa: PLR2004 - the code; its text may be missing in old servers
            raise self._explain_odd_reply(kind)
        (code,) = struct.unpack(">I", body[:4])
        if code == 0:
            return
        size = int.from_bytes(body[4:8], "big")
        words = shorten_output(body[8 : 8 + size]) or f"SFTP error {code}"
        if code == _DENIED:
            raise Refused(f"{path}: {words}", host=self._host, hint="the login user may not write there")
        raise HostError(f"{path}: {words}", host=self._host, hint="does it exist already, or is the disk full?")

    def _explain_odd_reply(self, kind: int) -> HostError:
        return HostError(f"SFTP answer of kind {kind} is not understood", host=self._host, hint="not an SFTP server?")


def list_folders(files: Iterable[TreeFile]) -> list[str]:
    """All folders that contain the files, parents first. ValueError for a path that leads out of the tree."""
    folders: set[str] = set()
    for file in files:
        parts = file.path.split("/")
        if file.path.startswith("/") or any(part in ("", ".", "..") for part in parts):
            raise ValueError(f"not a path below a directory: {file.path!r}")
        folders.update("/".join(parts[:depth]) for depth in range(1, len(parts)))
    return sorted(folders)


def _encode_packet(kind: int, body: bytes) -> bytes:
    return struct.pack(">IB", len(body) + 1, kind) + body


def _encode_string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _encode_mkdir(path: str) -> tuple[int, bytes]:
    return _MKDIR, _encode_string(path.encode()) + struct.pack(">II", _PERMISSIONS, 0o700)


def _open(path: str) -> tuple[int, bytes]:
    return _OPEN, _encode_string(path.encode()) + struct.pack(">III", _WRITE_NEW, _PERMISSIONS, 0o600)


def _fill(handle: bytes, content: bytes) -> Iterator[tuple[int, bytes]]:
    """The writes of one file and its close. `handle` still has its length in front, as in the answer."""
    for start in range(0, len(content), _CHUNK):
        yield _WRITE, handle + struct.pack(">Q", start) + _encode_string(content[start : start + _CHUNK])
    yield _CLOSE, handle
