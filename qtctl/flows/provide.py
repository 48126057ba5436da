"""Install what a plan's links lead to, and try it out, before the deploy begins."""

from collections.abc import Iterator
from posixpath import dirname

from qtctl.apply.store import Trial, drop, find_missing, install_code, install_venv, try_imports
from qtctl.dialects.systemd.envfile import write_env_line
from qtctl.errors import DeployRefused, HostError
from qtctl.interfaces.host import Host
from qtctl.interfaces.progress import Progress
from qtctl.interfaces.supplies import Supplies
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.desired_install import DesiredInstall, InstallKind
from qtctl.model.entry_questions import make_entry_question
from qtctl.model.events import Stage, begun
from qtctl.model.plan import Plan, StepKind
from qtctl.model.states import ServiceState
from qtctl.plan.installs import list_used_paths

BUILD_S = 900
"""The longest that building a virtual environment may take."""
IMPORT_S = 30
"""The longest that an import may take."""


def provide(host: Host, desired: Desired, planned: Plan, supplies: Supplies, progress: Progress) -> None:
    """DeployRefused, with the store unchanged, if something cannot be fetched, built or imported."""
    switched = {step.subject for step in planned.steps if step.kind is StepKind.LINK}
    wanted = tuple(each for each in desired.installs if each.path in switched)
    if not wanted:
        return
    missing = find_missing(host, wanted)
    # Services run from what a link leads to already, whole or not: it is never removed.
    used = {step.subject for step in planned.steps if step.seen == f"link:{step.target}"}
    made: list[DesiredInstall] = []
    try:
        for each in missing:
            progress(begun(planned.host, Stage.INSTALL, f"installing {each.text} for {each.path}"))
            if each.path not in used:
                made.append(each)
            _install(host, each, supplies)
        _try_out(host, desired, switched, progress)
    except DeployRefused:
        _drop(host, made)
        raise


def _drop(host: Host, made: list[DesiredInstall]) -> None:
    """A host that cannot be asked now removes it later: no generation leads to it."""
    if made:
        try:
            drop(host, made)
        except (DeployRefused, HostError):
            return


def _install(host: Host, install: DesiredInstall, supplies: Supplies) -> None:
    if install.kind is InstallKind.CODE:
        install_code(host, install, supplies.fetch_code(install))
    else:
        install_venv(host, install, supplies.fetch_packages(install), BUILD_S)


def _try_out(host: Host, desired: Desired, switched: set[str], progress: Progress) -> None:
    trials = tuple(_list_trials(desired, switched))
    if not trials:
        return
    progress(
        begun(desired.host, Stage.INSTALL, f"importing what {len(trials)} service{'s' * (len(trials) > 1)} would run")
    )
    for unit, why in try_imports(host, trials, IMPORT_S).items():
        hint = 'its code must be importable without side effects: what runs belongs behind `if __name__ == "__main__":`'
        raise DeployRefused(f"nothing was changed: what {unit} starts with cannot be imported: {why}", hint=hint)


def _list_trials(desired: Desired, switched: set[str]) -> Iterator[Trial]:
    """Import trials for every Python service that runs from something that changes."""
    links = {each.path: each.target for each in desired.installs}
    contents = {file.path: file.content for file in desired.files if file.kind == "env"}
    for service in desired.services:
        question = make_entry_question(service) if switched.intersection(list_used_paths(service, desired)) else None
        if question is None:
            continue
        folders = [_map_to_store(folder, links) for folder in question.folders]
        wanted = [word for kind, path in question.wanted for word in (kind, _map_to_store(path, links))]
        argv = service.loaded[0] if service.loaded else service.argv
        settings = dict(service.settings)
        yield Trial(
            service.unit, service.user, service.group, settings.get("SupplementaryGroups", ""),
            _map_to_store(argv[0], links), (*folders, "--", *wanted),
            _write_env(service) + contents.get(service.env_file, b""), tuple(_list_env_files(service)),
        )  # fmt: skip


def _write_env(service: DesiredService) -> bytes:
    """Environment= of its unit, which the env file overrides."""
    return "".join(f"{write_env_line(name, value)}\n" for name, value in service.unit_env).encode()


def _list_env_files(service: DesiredService) -> Iterator[str]:
    """As systemd reads them, after the generated one. They may be missing if the service is not to run."""
    for path in (*service.env_files, *((service.secrets_file,) if service.secrets_file else ())):
        optional = path.startswith("-") or service.state is ServiceState.STOPPED
        yield f"-{path.removeprefix('-')}" if optional else path


def _map_to_store(path: str, links: dict[str, str]) -> str:
    """The path once the links lead to what is declared."""
    at = path
    while at not in ("", "/"):
        if at in links:
            return links[at] + path[len(at) :]
        at = dirname(at)
    return path
