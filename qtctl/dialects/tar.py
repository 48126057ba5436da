"""Archives in memory: packed, or read within bounds if someone else made them. Nothing is unpacked to disk."""

import io
import tarfile
from collections.abc import Iterator, Mapping

BROKEN = (tarfile.TarError, ArithmeticError, EOFError, LookupError, OSError, RecursionError, TypeError, ValueError)
"""What tarfile raises for something that is not a valid archive."""


def pack_tar(members: Mapping[str, bytes], mode: int = 0o600) -> bytes:
    """Regular files with `mode`, by path in the archive."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in members.items():
            header = tarfile.TarInfo(name)
            header.size, header.mode = len(content), mode
            archive.addfile(header, io.BytesIO(content))
    return stream.getvalue()


def walk(raw: bytes, most: int) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """Each member. BROKEN if it is not an archive, or not one that `tar -c` could have made.

    A tiny archive can have a member that points before itself. `most`: number of members.
    """
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:", encoding="utf-8", errors="backslashreplace") as archive:
        last, count = -1, 0
        while (member := archive.next()) is not None:
            count += 1
            if member.offset <= last or count > most:
                raise tarfile.ReadError(f"more than {most} files, or a file that points back into the archive")
            last = member.offset
            yield archive, member


def is_plain(member: tarfile.TarInfo, largest: int) -> bool:
    """Whether it is a regular file of at most that many bytes.

    A sparse file of a terabyte takes a few bytes in an archive.
    """
    return member.isreg() and not member.issparse() and 0 <= member.size <= largest


def read_member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    """BROKEN if it is cut off."""
    stream = archive.extractfile(member)
    content = stream.read(member.size) if stream is not None else b""
    if len(content) != member.size:
        raise tarfile.ReadError("it is cut off")
    return content
