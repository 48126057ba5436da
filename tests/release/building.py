"""Wheels and sdists of this checkout, built without the package index."""

import os
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from tests.docs.pages import ROOT

ON_DEMAND = os.environ.get("QTCTL_RELEASE") == "all"
WHY_NOT = "on demand, with QTCTL_RELEASE=all: every release of Debian and Ubuntu, and the package index"


def build(source: Path, out: Path, *targets: str, umask: int = 0o022) -> dict[str, Path]:
    """The artefacts that hatchling makes of a folder, by suffix: `.whl`, `.gz`."""
    argv = [sys.executable, "-m", "hatchling", "build", "-d", str(out), *(f"-t{target}" for target in targets)]
    odd = ("PYTHON", "GIT_", "SOURCE_DATE_EPOCH", "HATCH_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(odd)}
    done = subprocess.run(
        argv, cwd=source, env=env, umask=umask, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {path.suffix: path for path in out.iterdir() if path.suffix in (".whl", ".gz")}


def load_hook() -> ModuleType:
    spec = spec_from_file_location("qtctl_hatch_build", ROOT / ".packaging/hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
