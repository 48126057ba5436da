"""Archives in memory: packed, and those that somebody else made read within bounds. Nothing of one is unpacked."""

import io
import tarfile
from collections.abc import Iterator, Mapping

BROKEN = (tarfile.TarError, ArithmeticError, EOFError, LookupError, OSError, RecursionError, TypeError, ValueError)
"""What tarfile raises of what is no archive."""


def pack_tar(members: Mapping[str, bytes], mode: int = 0o600) -> bytes:
    """Regular files of `mode`, by their paths in the archive."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in members.items():
            header = tarfile.TarInfo(name)
            header.size, header.mode = len(content), mode
            archive.addfile(header, io.BytesIO(content))
    return stream.getvalue()


def walk(raw: bytes, most: int) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """Each member. BROKEN for what is no archive, and for one that is more, or says something else, than `tar -c` does.

    An archive of a few bytes can have a member that lies before itself. `most`: of members.
    """
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:", encoding="utf-8", errors="backslashreplace") as archive:
        last, count = -1, 0
        while (member := archive.next()) is not None:
            count += 1
            if member.offset <= last or count > most:
                raise tarfile.ReadError(f"more than {most} files, or files before themselves")
            last = member.offset
            yield archive, member


def is_plain(member: tarfile.TarInfo, largest: int) -> bool:
    """Whether it is a regular file of at most so many bytes. A sparse one of a terabyte is a few bytes long here."""
    return member.isreg() and not member.issparse() and 0 <= member.size <= largest


def read_member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    """BROKEN where it is cut off."""
    stream = archive.extractfile(member)
    content = stream.read(member.size) if stream is not None else b""
    if len(content) != member.size:
        raise tarfile.ReadError("it is cut off")
    return content
