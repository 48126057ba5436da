"""QT113: `python -m package.module` where nothing makes the package importable."""

import re
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath

from qtctl.findings.finding import Finding, Severity
from qtctl.model.desired import DesiredService
from qtctl.rules.locate import origin_at
from qtctl.rules.view import Unit, View, ViewRule

_PYTHON = re.compile(r"python(3(\.[0-9]+)?)?$")
_SERVERS = frozenset(("uvicorn", "gunicorn", "hypercorn", "daphne"))
"""Their first argument with a colon names the module that must be importable."""
_FLAGS_WITH_VALUE = frozenset(("-W", "-X", "--check-hash-based-pycs"))


def modules(view: View) -> Iterator[Finding]:
    for unit, service in view.services:
        if not view.whole(unit):
            continue
        flags, module = _module(service.argv)
        if "." not in module or module.partition(".")[0] in sys.stdlib_module_names:
            continue
        if not _importable(view, unit, service, flags):
            code = _code(view, service)
            yield QT113.broken(
                unit.subject,
                f"runs the module {module}, and neither its working directory nor PYTHONPATH is {code}, where it is",
                f'set PYTHONPATH = "{code}" in env, or leave run.cwd out',
                origin_at(view, view.registry.services[service.name], service.origin, ("run",)),
            )


def _module(argv: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """The interpreter's flags, and the module that it must be able to import ("" for none)."""
    if not argv or not _PYTHON.search(PurePosixPath(argv[0]).name):
        return (), ""
    at, flags = 1, []
    while at < len(argv) and argv[at].startswith("-") and argv[at] not in ("-m", "-c", "-"):
        flags.append(argv[at])
        at += 2 if argv[at] in _FLAGS_WITH_VALUE else 1
    if argv[at : at + 1] != ("-m",) or at + 1 >= len(argv):
        return tuple(flags), ""
    module = argv[at + 1]
    if module in _SERVERS:
        app = next((word for word in argv[at + 2 :] if ":" in word and not word.startswith("-")), "")
        return tuple(flags), app.partition(":")[0]
    return tuple(flags), module


def _importable(view: View, unit: Unit, service: DesiredService, flags: tuple[str, ...]) -> bool:
    env = dict(service.env)
    letters = "".join(flag[1:] for flag in flags if not flag.startswith("--"))
    code = _code(view, service)
    here = unit.last("Service", "WorkingDirectory").rstrip("/") == code
    if here and "I" not in letters and "P" not in letters and not env.get("PYTHONSAFEPATH"):
        return True
    if "I" in letters or "E" in letters:
        return False
    return code in [path.rstrip("/") for path in env.get("PYTHONPATH", "").split(":")]


def _code(view: View, service: DesiredService) -> str:
    """Where the registry says that the code is."""
    run = view.registry.services[service.name].run
    return ((run.code if run else None) or view.registry.fleet.defaults.code).rstrip("/")


QT113 = ViewRule(
    "QT113",
    "module that is not importable",
    Severity.WARNING,
    what="A service runs `python -m package.module` (or an ASGI application), and neither its working directory "
    "nor PYTHONPATH is the directory that the registry calls its code.",
    why='It ends with "No module named microservices", as first units after a move from containers often do.',
    fix="Leave `run.cwd` out, or add the code's directory to PYTHONPATH. If the package is installed in the venv, "
    "set the severity of QT113 in `policy.toml` to info.",
    look=modules,
)
RULES = (QT113,)
