"""QT113: `python -m package.module` where nothing makes the package importable."""

import sys
from collections.abc import Iterator

from qtctl.dialects.python_command import PythonCommand, read_python_command
from qtctl.findings.finding import Finding, Severity
from qtctl.model.desired import DesiredService
from qtctl.rules.locate import find_origin_at
from qtctl.rules.view import Unit, View, ViewRule


def judge_modules(view: View) -> Iterator[Finding]:
    for unit, service in view.services:
        if not view.is_whole(unit):
            continue
        command = read_python_command(service.argv)
        module = (command.app or command.module) if command else ""
        if command is None or "." not in module or module.partition(".")[0] in sys.stdlib_module_names:
            continue
        if not _is_importable(view, unit, service, command):
            code = _describe_code(view, service)
            yield QT113.make_broken(
                unit.subject,
                f"runs the module {module}, and neither its working directory nor PYTHONPATH is {code}, where it is",
                f'set PYTHONPATH = "{code}" in env, or leave run.cwd out',
                find_origin_at(view, view.registry.services[service.name], service.origin, ("run",)),
            )


def _is_importable(view: View, unit: Unit, service: DesiredService, command: PythonCommand) -> bool:
    env = dict(service.env)
    code = _describe_code(view, service)
    here = unit.last("Service", "WorkingDirectory").rstrip("/") == code
    if here and command.searches_start_folder and (command.is_server or not env.get("PYTHONSAFEPATH")):
        return True
    if code in command.folders:
        return True
    return command.reads_environment and code in [path.rstrip("/") for path in env.get("PYTHONPATH", "").split(":")]


def _describe_code(view: View, service: DesiredService) -> str:
    """Where the registry says the code is."""
    run = view.registry.services[service.name].run
    return ((run.code if run else None) or view.registry.fleet.defaults.code).rstrip("/")


QT113 = ViewRule(
    "QT113",
    "module that is not importable",
    Severity.WARNING,
    what="A service runs `python -m package.module` (or an ASGI application), and neither its working directory nor "
    "PYTHONPATH is the directory that the registry declares as its code.",
    why='It ends with "No module named microservices", as a fleet\'s first units often do after a move from '
    "containers.",
    fix="Leave `run.cwd` out, or add the code's directory to PYTHONPATH. If the package is installed in the venv, "
    "set the severity of QT113 in `policy.toml` to info.",
    look=judge_modules,
)
RULES = (QT113,)
