"""Runs a composite action as a runner of GitHub does, and a job's script as a runner of GitLab does."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
CLEAN = ("GIT_", "GITHUB_", "RUNNER_", "CI", "GITLAB_", "QTCTL_", "PYTHON", "VIRTUAL_ENV", "INPUT_", "PIP_")


def environment(**more: str) -> dict[str, str]:
    """Of a fresh machine: nothing of whatever runs the tests."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith(CLEAN)}, **more}


@dataclass
class Done:
    """`log`: what a reader of the job sees, with the commands to the runner. `commands`: those that it obeyed."""

    code: int
    log: str
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    commands: list[str] = field(default_factory=list)


@dataclass
class Context:
    """What expressions see."""

    inputs: dict[str, str]
    github: Mapping[str, Any]
    steps: dict[str, dict[str, str]] = field(default_factory=dict)

    def fill(self, text: str) -> str:
        return EXPRESSION.sub(lambda found: self._find(found[1]), text)

    def _find(self, expression: str) -> str:
        """A path of names; whatever is not there is empty."""
        assert re.fullmatch(r"[\w.-]+", expression), f"this runner knows no {expression}"
        root, *names = expression.split(".")
        value: Any = {"inputs": self.inputs, "github": self.github, "steps": self.steps}[root]
        for name in names:
            value = value.get(name, {}) if isinstance(value, Mapping) else {}
        return value if isinstance(value, str) else ""


@dataclass(frozen=True)
class Machine:
    """A runner's. `work`: its RUNNER_TEMP; `env`: the variables of the job."""

    action: Path
    workspace: Path
    work: Path
    env: Mapping[str, str]


def run_action(machine: Machine, given: Mapping[str, str], github: Mapping[str, Any], *, first: int, last: int) -> Done:
    """Every step, as docs.github.com says of composite actions: a step that fails ends the action.

    `first`, `last`: of the steps, those from the first up to the last alone; others have been run on this machine.
    """
    declared = yaml.safe_load((machine.action / "action.yml").read_text())
    assert declared["runs"]["using"] == "composite"
    context = Context({}, github)
    assert set(given) <= set(declared["inputs"])
    context.inputs |= {
        name: given.get(name, context.fill(str(each.get("default", "")))) for name, each in declared["inputs"].items()
    }
    done = Done(0, "")
    for number, step in enumerate(declared["runs"]["steps"][first:last]):
        assert set(step) <= {"name", "id", "shell", "env", "run"}, "what this runner does not do"
        assert step["shell"] == "bash"
        _run_step(step, number, context, done, machine)
        if done.code:
            break
    done.outputs = {name: context.fill(each["value"]) for name, each in declared["outputs"].items()}
    return done


def _run_step(step: Mapping[str, Any], number: int, context: Context, done: Done, machine: Machine) -> None:
    files = {name: machine.work / f"{name}-{number}" for name in ("output", "step_summary")}
    for file in files.values():
        file.touch()
    script = machine.work / f"step-{number}.sh"
    script.write_text(context.fill(step["run"]))
    ran = subprocess.run(
        [*BASH, str(script)], cwd=machine.workspace, capture_output=True, text=True, check=False, timeout=120,
        env=environment(**{
            **machine.env, "GITHUB_ACTION_PATH": str(machine.action), "GITHUB_WORKSPACE": str(machine.workspace),
            "RUNNER_TEMP": str(machine.work), "GITHUB_OUTPUT": str(files["output"]),
            "GITHUB_STEP_SUMMARY": str(files["step_summary"]), "CI": "true", "GITHUB_ACTIONS": "true",
            **{name: context.fill(str(value)) for name, value in step.get("env", {}).items()},
        }),
    )  # fmt: skip
    done.log += ran.stdout + ran.stderr
    done.commands += _list_commands(ran.stdout + ran.stderr)
    done.code = ran.returncode
    done.summary += files["step_summary"].read_text()
    if "id" in step:
        lines = files["output"].read_text().splitlines()
        assert all(re.fullmatch(r"[\w-]+=.*", line) for line in lines), lines
        context.steps[step["id"]] = {"outputs": dict(line.split("=", 1) for line in lines)}  # type: ignore[dict-item]


COMMAND = re.compile(r"^\s*::([a-z-]+)( [^:]*)?::(.*)$|##\[([a-z-]+)[^\]]*\](.*)")


def _list_commands(log: str) -> list[str]:
    """Those that a runner obeys: in any line, in its two notations, but not between stop-commands and its token."""
    found, token = [], ""
    for line in log.splitlines():
        if token:
            token = "" if line.strip() == f"::{token}::" else token
            continue
        match = COMMAND.search(line)
        if match is None:
            continue
        name = match[1] or match[4]
        if name == "stop-commands":
            token = match[3].strip()
        else:
            found.append(line)
    return found


def run_gitlab_job(job: Mapping[str, Any], workspace: Path, env: Mapping[str, str]) -> Done:
    """The lines of its script in one shell, as the runner's generated script has them."""
    variables = {name: str(value) for name, value in job["variables"].items()}
    script = "set -eo pipefail\nset +o noclobber\n" + "\n".join(job["script"]) + "\n"
    ran = subprocess.run(
        ["bash"], input=script, cwd=workspace, capture_output=True, text=True, check=False, timeout=120,
        env=environment(**{**variables, **env, "CI": "true", "GITLAB_CI": "true", "CI_PROJECT_DIR": str(workspace)}),
    )  # fmt: skip
    return Done(ran.returncode, ran.stdout + ran.stderr)
