"""Killed while it writes: every file is the old one or the new one, whole."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from random import SystemRandom

import pytest

from qtctl.adapters.files import write_tree
from tests.builders.registry import SMALL
from tests.cli.world import PROGRAM, build, environment, listing, qtctl

SERVICES = 40
KILLS = 8
FAST_KILLS = 60
MORE = 10
"""Times as many kills, where none came in between: on a busy machine all of them may be late."""
LARGE = 400_000
CHANCE = SystemRandom()
FEED = SMALL["services/feed.toml"]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry whose every service can be fixed: it requires what it does not come after."""
    folder = build(tmp_path_factory.mktemp("many"))
    for n in range(SERVICES):
        text = f'{FEED}\n[order]\nrequires = ["n.service"]\n'.replace('target = "core"\n', "")
        (folder / f"registry/services/s{n}.toml").write_text(text)
    return folder


def _killed_at(folder: Path, argv: list[str], begun: Callable[[], bool], after_s: float) -> int:
    """Run, wait until it has begun to write, and kill it a little later. Its exit status, -9 where that was in time."""
    process = subprocess.Popen(
        [*PROGRAM, *argv], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=environment(folder),
    )  # fmt: skip
    try:
        while process.poll() is None and not begun():
            time.sleep(0.0005)
        time.sleep(after_s)
        process.kill()
    finally:
        process.wait()
    return process.returncode


def _whole(old: dict[str, bytes | None], new: dict[str, bytes | None], now: dict[str, bytes | None]) -> set[str]:
    """The paths that are new. A file that was being written has a name of its own, which begins with a dot."""
    kept = {path: content for path, content in now.items() if not Path(path).name.startswith(".")}
    assert set(old) & set(new) <= set(kept) <= set(old) | set(new)
    for path, content in kept.items():
        assert content in [side[path] for side in (old, new) if path in side], path
    return {path for path, content in kept.items() if path not in old or content != old[path]}


def _enough(hits: list[bool], kills: int) -> bool:
    return len(hits) >= (kills if any(hits) else kills * MORE)


def _took_s(old: dict[str, bytes | None], new: dict[str, bytes | None], finished: Path) -> float:
    """From the first file that was written to the last: in memory a tenth of what it is on a disk."""
    times = [(finished / path).stat().st_mtime for path, content in new.items() if old.get(path) != content]
    return max(times) - min(times)


def _several_times(world: Path, argv: list[str], below: str, begun: Callable[[Path], bool]) -> list[bool]:
    """Whether each kill came between: only some files were new, or some still had a name of their own."""
    old = listing(world / below)
    finished = world.parent / "finished"
    shutil.copytree(world, finished)
    assert qtctl(finished, *argv).code in (0, 1)
    new = listing(finished / below)
    assert new != old
    window_s = _took_s(old, new, finished / below)
    hits: list[bool] = []
    while not _enough(hits, KILLS):
        folder = world.parent / f"killed{len(hits)}"
        shutil.copytree(world, folder)
        _killed_at(folder, argv, lambda folder=folder: begun(folder / below), CHANCE.uniform(0, window_s))  # type: ignore[misc]
        now = listing(folder / below)
        hits.append(0 < len(_whole(old, new, now)) < SERVICES or any(Path(path).name.startswith(".") for path in now))
        shutil.rmtree(folder)
    return hits


def test_render(many: Path, tmp_path: Path) -> None:
    world = tmp_path / "world"
    shutil.copytree(many, world)
    assert qtctl(world, "render", "--out", "out").code == 0
    for path in (world / "registry/services").glob("s*.toml"):
        path.write_text(path.read_text().replace('summary = "Feed"', 'summary = "Another"'))
    before = (world / "out/etc/systemd/system").stat().st_mtime_ns

    def begun(out: Path) -> bool:
        return (out / "etc/systemd/system").stat().st_mtime_ns > before and any(out.rglob(".*"))

    assert any(_several_times(world, ["render", "--out", "out"], "out", begun))


def test_fix(many: Path, tmp_path: Path) -> None:
    world = tmp_path / "world"
    shutil.copytree(many, world)

    def begun(registry: Path) -> bool:
        return any(path.name.startswith(".") for path in (registry / "services").iterdir())

    assert any(_several_times(world, ["lint", "--fix"], "registry", begun))


def test_write_tree_many_times(tmp_path: Path) -> None:
    """The same without the start of a process, so that many moments are hit; large files, so that half of one shows."""
    old = {f"a/{n}": (b"o" * LARGE, 0o644) for n in range(4)}
    new = {f"a/{n}": (b"n" * LARGE, 0o644) for n in range(4)}
    begin = time.perf_counter()
    write_tree(tmp_path / "timed", new)
    took = time.perf_counter() - begin
    halves: list[bool] = []
    while not _enough(halves, FAST_KILLS):
        write_tree(tmp_path / "out", old)
        child = os.fork()
        if child == 0:
            write_tree(tmp_path / "out", new)
            os._exit(0)
        time.sleep(CHANCE.uniform(0, took))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        contents = [(tmp_path / "out" / path).read_bytes() for path in sorted(new)]
        assert set(contents) <= {b"o" * LARGE, b"n" * LARGE}
        left = list((tmp_path / "out/a").glob(".*"))
        halves.append(len(set(contents)) > 1 or bool(left))
        for path in left:
            path.unlink()
    assert any(halves)
