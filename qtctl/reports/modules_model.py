"""One row of the module registry. Names and nesting are those its users know; docstrings say what null means."""

from typing import Literal

from pydantic import Field

from qtctl.reports.categories import Category
from qtctl.reports.document import Part

Unknown = Literal["unknown"]


class Systemd(Part):
    """systemd's names; `not-found` if there is no unit, `unknown` if the host did not say."""

    loaded: str
    active: str
    sub: str
    enabled: bool | Unknown | None = Field(description="null: no unit file; false also for static and masked ones")
    unit_file_state: str
    description: str


class Execution(Part):
    """null: there is none, because the unit is not there or does not set it."""

    user: str | None
    pid: int | Unknown | None = Field(description="null: no main process")
    working_dir: str | None
    exec_path: str | None = Field(description="the executable, without arguments")


class Code(Part):
    """As declared; null where nothing is."""

    module: str | None
    path: str | None
    entrypoint: str | None
    has_code: bool | None = Field(description="whether the entry point was seen on the host; null: not known")


class Runtime(Part):
    """The declared port, or null. For an undeclared unit: the port that it listens on."""

    venv: str | None
    venv_status: str | None = Field(description="works, broken, missing, unknown; null: no venv")
    port: int | Unknown | None = Field(
        description="the one with a health URL, else the first; the ports section has all"
    )
    redis_streams: list[str] | Unknown


class Module(Part):
    """`declared`: running, stopped, on-timer, retired, undeclared. `group`: the service's category in the registry."""

    name: str
    unit: str
    category: Category
    declared: str
    group: str
    summary: str
    systemd: Systemd
    execution: Execution
    code: Code
    runtime: Runtime
    proof_line: str
