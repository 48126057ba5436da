"""The hosts file, and a fleet's block of lines in it. Everything else in the file stays as it is.

Read as glibc does: a `#` begins a comment anywhere, columns are separated by white space, names ignore case.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

PATH = "/etc/hosts"


@dataclass(frozen=True, slots=True)
class HostsText:
    """rows: (address, names…) outside the block. block: the lines between its marks, None if there are none.

    `broken`: why the marks cannot be trusted, or ''.
    """

    rows: tuple[tuple[str, ...], ...]
    block: tuple[str, ...] | None
    broken: str = ""


def make_begin_mark(fleet: str) -> str:
    return f"# BEGIN qtctl {fleet}: generated; edits up to END are overwritten."


def make_end_mark(fleet: str) -> str:
    return f"# END qtctl {fleet}"


def make_block_lines(aliases: Iterable[tuple[str, Sequence[str]]]) -> tuple[str, ...]:
    """The lines between the marks, one per address."""
    return tuple(" ".join((address, *names)) for address, names in aliases if names)


def read(content: bytes, fleet: str) -> HostsText:
    lines = content.split(b"\n")
    span = _find_span(lines, fleet)
    if isinstance(span, str):
        return HostsText(_list_rows(lines), None, span)
    if span is None:
        return HostsText(_list_rows(lines), None)
    first, last = span
    inside = tuple(line.decode("utf-8", "replace") for line in lines[first + 1 : last])
    return HostsText(_list_rows([*lines[:first], *lines[last + 1 :]]), inside)


def replace_block(content: bytes, fleet: str, block: Sequence[str]) -> bytes:
    """`content` with the fleet's block replaced or added at the end; without a block if `block` is empty.

    ValueError if `read` found the marks broken.
    """
    lines = content.split(b"\n")
    span = _find_span(lines, fleet)
    if isinstance(span, str):
        raise ValueError(span)  # noqa: TRY004 - what is wrong is the text, not its type
    marked = [line.encode() for line in (make_begin_mark(fleet), *block, make_end_mark(fleet))] if block else []
    if span is not None:
        return b"\n".join([*lines[: span[0]], *marked, *lines[span[1] + 1 :]])
    if not marked:
        return content
    gap = b"" if not content or content.endswith(b"\n") else b"\n"
    return content + gap + b"\n".join(marked) + b"\n"


def is_same_address(one: str, other: str) -> bool:
    """Whether two texts are the same address: `::1` and `0:0:0:0:0:0:0:1` are."""
    try:
        return ip_address(one) == ip_address(other)
    except ValueError:
        return one == other


def subtract_addresses(addresses: Iterable[str], others: Sequence[str]) -> list[str]:
    """The addresses that are the same as none of `others`."""
    return [each for each in addresses if not any(is_same_address(each, other) for other in others)]


def list_addresses(rows: Iterable[Sequence[str]], name: str) -> tuple[str, ...]:
    """Every address that the rows give for a name, in order."""
    return tuple(dict.fromkeys(row[0] for row in rows if gives_address(row, name)))


def gives_address(row: Sequence[str], name: str) -> bool:
    """Whether a row gives a name its address."""
    return name.lower() in (each.lower() for each in row[1:])


def make_row(line: str) -> tuple[str, ...]:
    """The columns of one line; () for a comment or an empty one."""
    return tuple(line.partition("#")[0].split())


def _list_rows(lines: Iterable[bytes]) -> tuple[tuple[str, ...], ...]:
    read_ = (make_row(line.decode("utf-8", "replace")) for line in lines)
    return tuple(row for row in read_ if row)


def _find_span(lines: Sequence[bytes], fleet: str) -> tuple[int, int] | str | None:
    """Where the marks are; or why they cannot be trusted; or None if there are none."""
    # The text after the name may change from version to version; the name is what a block is known by.
    first = [at for at, line in enumerate(lines) if line.startswith(f"# BEGIN qtctl {fleet}:".encode())]
    last = [at for at, line in enumerate(lines) if line.rstrip() == make_end_mark(fleet).encode()]
    if not first and not last:
        return None
    if len(first) != 1 or len(last) != 1 or first[0] > last[0]:
        return f"the marks of the block of {fleet} are not there once each, BEGIN before END"
    return first[0], last[0]
