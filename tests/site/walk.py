"""The links of a site that was built: what each page names, and where that leads."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

LINK = re.compile(r'<a [^>]*?href="([^"]*)"')
SOURCE = re.compile(r'<(?:img|script|iframe|source|audio|video|embed|object)\b[^>]*? (?:src|data|srcset)="([^"]*)"')
LINKED = re.compile(r'<link [^>]*?href="([^"]*)"')
NAME = re.compile(r' (?:id|name)="([^"]+)"')
OUTSIDE = re.compile(r"^(?:[a-z]+:|//)")


@dataclass(frozen=True)
class Site:
    """`folder`: that of one version."""

    folder: Path

    @cached_property
    def pages(self) -> dict[Path, str]:
        return {path: path.read_text() for path in sorted(self.folder.rglob("*.html"))}

    @cached_property
    def names(self) -> dict[Path, set[str]]:
        return {path: set(NAME.findall(text)) for path, text in self.pages.items()}

    def list_targets(self, page: Path) -> list[tuple[str, Path, str]]:
        """Of each link to something in the site: as it is written, the file, the anchor."""
        found = []
        for link in LINK.findall(self.pages[page]):
            if OUTSIDE.match(link):
                continue
            path, _, anchor = link.partition("#")
            found.append((link, (page.parent / unquote(path)).resolve() if path else page, unquote(anchor)))
        return found

    def list_broken(self) -> list[str]:
        broken = []
        for page in self.pages:
            for link, target, anchor in self.list_targets(page):
                known = target in self.names and (not anchor or anchor in self.names[target])
                if not known and (anchor or not target.is_file()):
                    broken.append(f"{page.relative_to(self.folder)}: {link}")
        return broken

    def list_sources(self) -> set[str]:
        """Everything that pages load."""
        texts = self.pages.values()
        return {source for text in texts for source in (*SOURCE.findall(text), *LINKED.findall(text))}

    def reach(self, clicks: int) -> set[Path]:
        """The files that so many clicks from the front page lead to."""
        reached = {self.folder / "index.html"}
        for _ in range(clicks):
            reached |= {target for page in reached & self.pages.keys() for _, target, _ in self.list_targets(page)}
        return reached
