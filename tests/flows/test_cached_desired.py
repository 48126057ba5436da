"""What a look takes from an earlier one: the same, or nothing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from qtctl.adapters.files import read_templates
from qtctl.errors import InputError, InputErrors
from qtctl.flows.cached_desired import CachedDesired
from qtctl.flows.target import Target
from qtctl.model.desired import Desired
from tests.cli.world import ROOT

LOADED = """
import sys
from pathlib import Path
from qtctl.flows.cached_desired import CachedDesired
from qtctl.flows.target import Target
CachedDesired(Target(Path(sys.argv[1]), "lab1")).load()
print(*sorted({"pydantic", "jinja2"} & set(sys.modules)))
"""
AUDITS = """
import sys
from pathlib import Path
from qtctl.api import audit
from qtctl.flows.cached_desired import CachedDesired
from qtctl.flows.target import Target
from qtctl.flows.questions import make_inquiry
import qtctl.reports.audit_view
audit.expect(CachedDesired(Target(Path(sys.argv[1]), "lab1")).load())
unneeded = ("registry", "units", "service"), ("blocks", "module_registry", "fleet", "audit_sheet")
names = {f"qtctl.{part}.{name}" for part, each in zip(("model", "reports"), unneeded) for name in each}
print(*sorted((names | {"jinja2"}) & set(sys.modules)))
"""
ASKS = """
import sys
from qtctl.engines import worker
import qtctl.adapters.ssh
qtctl.adapters.ssh.load()
worker.load()
print(*sorted({"pydantic", "qtctl.model.registry", "qtctl.model.desired", "jinja2"} & set(sys.modules)))
"""


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QTCTL_KEEP", str(tmp_path / "kept"))
    return tmp_path / "kept"


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "registry", tmp_path / "registry"))


def whole(registry: Path, host: str = "lab1", templates: Path | None = None) -> Desired:
    return CachedDesired(Target(registry, host, templates=templates)).load().desired


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def loaded(program: str, registry: Path) -> list[str]:
    command = [sys.executable, "-c", program, str(registry)]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.split()


def test_a_second_look_takes_what_the_first_made(registry: Path, kept: Path) -> None:
    assert loaded(LOADED, registry) == ["jinja2", "pydantic"]
    assert loaded(LOADED, registry) == []
    assert len(names(kept)) == 1


@pytest.mark.usefixtures("kept")
def test_an_audit_that_takes_it_loads_nothing_of_the_registry(registry: Path) -> None:
    """Neither the process that judges nor the one that asks: it costs a fifth of an audit."""
    whole(registry)
    assert loaded(AUDITS, registry) == []
    assert loaded(ASKS, registry) == []


def test_it_is_the_same(registry: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, found = whole(registry), whole(registry)
    monkeypatch.setenv("QTCTL_KEEP", "off")
    assert made == found == whole(registry)
    assert found is not made
    assert names(kept)


def edit(registry: Path) -> None:
    path = registry / "services" / "ai-engine.toml"
    path.write_text(path.read_text().replace('summary = "', 'summary = "Not quite: ', 1))


def add(registry: Path) -> None:
    lines = ['state = "running"', 'summary = "One more"', "[run]", 'kind = "command"', 'argv = ["/usr/bin/true"]']
    (registry / "services" / "one-more.toml").write_text("\n".join(lines))


@pytest.mark.parametrize("change", [edit, add])
def test_a_changed_registry_is_read_anew(registry: Path, kept: Path, change: Callable[[Path], None]) -> None:
    before = whole(registry)
    change(registry)
    assert whole(registry) != before
    assert len(names(kept)) == 2


def test_a_changed_template_is_read_anew(registry: Path, kept: Path, tmp_path: Path) -> None:
    for name, text in read_templates(None).items():
        (tmp_path / name).write_text(text)
    before = whole(registry, templates=tmp_path)
    assert before == whole(registry)
    (tmp_path / "target.j2").write_text((tmp_path / "target.j2").read_text() + "\n# of ours\n")
    after = whole(registry, templates=tmp_path)
    assert after != before
    assert len(names(kept)) == 2


def test_what_is_wrong_is_not_kept(registry: Path, kept: Path) -> None:
    whole(registry)
    (registry / "services" / "ai-engine.toml").write_text("not = [toml")
    for _ in range(2):
        with pytest.raises(InputErrors, match=r"ai-engine"):
            whole(registry)
    assert len(names(kept)) == 1


def test_a_template_that_is_wrong_is_not_kept(registry: Path, kept: Path, tmp_path: Path) -> None:
    for name, text in read_templates(None).items():
        (tmp_path / name).write_text(text)
    (tmp_path / "target.j2").write_text("{{ nothing }}")
    for _ in range(2):
        found = CachedDesired(Target(registry, "lab1", templates=tmp_path))
        assert found.load_unrendered().services, "a host can be asked before its files are rendered"
        with pytest.raises(InputError, match="nothing"):
            found.load()
    assert names(kept) == []


@pytest.mark.parametrize("spoil", [lambda _: b"", lambda whole: whole[:-9], lambda whole: b"x" + whole[1:]])
def test_what_is_spoilt_is_made_anew(registry: Path, kept: Path, spoil: Callable[[bytes], bytes]) -> None:
    made = whole(registry)
    (path,) = kept.iterdir()
    good = path.read_bytes()
    path.write_bytes(spoil(good))
    assert whole(registry) == made
    assert path.read_bytes() == good


def test_this_machine_is_looked_at_without_a_trace(registry: Path, kept: Path) -> None:
    whole(registry, host="local")
    assert not kept.exists()


def test_off_is_off(registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QTCTL_KEEP", "off")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    whole(registry)
    assert not (tmp_path / "home").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="looks at another account's home")
def test_a_home_that_is_closed_is_no_error(registry: Path, kept: Path) -> None:
    kept.mkdir(mode=0o755)
    os.chown(kept, 12345, 12345)
    assert whole(registry) == whole(registry)
    assert names(kept) == []
