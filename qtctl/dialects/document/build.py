"""Blocks and headings in order → the sections of a document."""

from dataclasses import dataclass, field

from qtctl.dialects.document.types import Block, Document, Section


@dataclass(slots=True)
class _Open:
    line: int
    level: int
    title: str
    parent: int
    blocks: list[Block] = field(default_factory=list)
    end: int = 0


class Builder:
    """Takes headings and blocks one by one."""

    def __init__(self, file: str, *, structured: bool = False) -> None:
        self._file, self._structured = file, structured
        self._sections = [_Open(1, 0, "", -1)]
        self._open = [0]

    def add_heading(self, line: int, level: int, title: str) -> None:
        while self._sections[self._open[-1]].level >= level:
            self._close()
        self._sections.append(_Open(line, level, title, self._open[-1]))
        self._open.append(len(self._sections) - 1)

    def add(self, *blocks: Block) -> None:
        self._sections[self._open[-1]].blocks.extend(blocks)

    @property
    def last(self) -> Block | None:
        blocks = self._sections[self._open[-1]].blocks
        return blocks[-1] if blocks else None

    def build(self) -> Document:
        while self._open:
            self._close()
        made = tuple(
            Section(each.line, each.level, each.title, each.parent, each.end, tuple(each.blocks))
            for each in self._sections
        )
        return Document(self._file, made, self._structured)

    def _close(self) -> None:
        self._sections[self._open.pop()].end = len(self._sections)
