"""An error has its host in a field. What it says does not repeat it, so that whoever shows it names the host once."""

import ast
import pickle
from collections.abc import Iterator
from functools import cache
from inspect import Parameter, signature
from pathlib import Path

import pytest

from qtctl import errors
from qtctl.adapters.clock import SystemClock
from qtctl.api.rollout import HostPlan
from qtctl.api.rollout import refuse as refuse_host
from qtctl.api.snapshot_taking import _must_show
from qtctl.apply.transaction import Locked
from qtctl.cli.rollout import _complain_of_host
from qtctl.collect.collect import refuse_all
from qtctl.collect.logs import make_unknown
from qtctl.contained import regular
from qtctl.errors import (
    AboutHost,
    DeployRefused,
    HostError,
    InputError,
    QtctlError,
    Refused,
    Unreachable,
    refuse_unchanged,
)
from qtctl.fleet.rollout import Ended, HostRun
from qtctl.flows.control import refuse as refuse_control
from qtctl.flows.reaching import WorkerLost
from qtctl.model.control import ControlPlan, ControlRequest, ControlVerb
from qtctl.model.evidence import Need
from qtctl.model.facts import HostBaseline
from qtctl.model.inquiry import Inquiry
from qtctl.model.plan import Plan, Refusal
from qtctl.model.rollout import HostEnd
from qtctl.plan.outcome import DeployOutcome, DeployStatus, Reason, ReasonKind, refuse_obstructed
from qtctl.render import templates
from qtctl.reports.deploy_text import describe_problems

ROOT = Path(__file__).parent.parent / "qtctl"
HOST = "lab1"
LOST = Unreachable("connection refused", host=HOST, login="ops@10.0.0.5:22", hint="is sshd running there?")
OF_JUMP = Unreachable("login denied", host="jump1", login="ops@10.0.0.9:22")


def find_kinds(base: type[QtctlError] = AboutHost) -> frozenset[str]:
    """The names of `base` and all classes in the sources that derive from it."""
    bases: dict[str, set[str]] = {}
    for tree in map(parse, ROOT.rglob("*.py")):
        for each in ast.walk(tree):
            if isinstance(each, ast.ClassDef):
                bases.setdefault(each.name, set()).update(of.id for of in each.bases if isinstance(of, ast.Name))
    found = {base.__name__}
    while more := {name for name, its in bases.items() if its & found} - found:
        found |= more
    return frozenset(found)


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def list_texts() -> Iterator[tuple[str, ast.expr]]:
    """Where an error is made, and each text that it may be given: the argument, or what its variable was set to."""
    kinds = find_kinds()
    for path in sorted(ROOT.rglob("*.py")):
        for function in ast.walk(parse(path)):
            if not isinstance(function, ast.FunctionDef):
                continue
            made = [each for each in ast.walk(function) if isinstance(each, ast.Call) and each.args]
            for call in made:
                if not isinstance(call.func, ast.Name) or call.func.id not in kinds | {"kind"}:
                    continue
                where = f"{path.relative_to(ROOT)}:{call.lineno}"
                text = call.args[0]
                yield where, text
                if isinstance(text, ast.Name):
                    yield from ((where, value) for value in list_values(function, text.id))


def list_values(function: ast.FunctionDef, name: str) -> Iterator[ast.expr]:
    for each in ast.walk(function):
        if isinstance(each, ast.Assign) and any(isinstance(to, ast.Name) and to.id == name for to in each.targets):
            yield each.value


def names_host_first(text: ast.expr) -> bool:
    """Whether it is f"{host}…" for any expression that ends in the name of a host."""
    if not isinstance(text, ast.JoinedStr) or not isinstance(text.values[0], ast.FormattedValue):
        return False
    last = ast.unparse(text.values[0].value).rpartition(".")[2].strip("_()")
    return last in ("host", "address", "target", "hostname")


def test_the_law_sees_the_places() -> None:
    found = list(list_texts())
    assert len(found) > 100
    assert {"HostError", "Refused", "DeployRefused", "Locked", "WorkerLost"} <= find_kinds()
    assert names_host_first(ast.parse('f"{self._host.address}: it is gone"', mode="eval").body)


def test_no_error_begins_with_its_host() -> None:
    assert [where for where, text in list_texts() if names_host_first(text)] == []


def test_no_text_of_an_error_is_taken_apart() -> None:
    takes = ("removeprefix", "removesuffix", "startswith", "endswith", "split", "partition", "rpartition", "replace")
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        for each in ast.walk(parse(path)):
            if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr in takes:
                looked = each.func.value
            elif isinstance(each, ast.Compare) and isinstance(each.ops[0], ast.In | ast.NotIn):
                looked = each.comparators[0]
            else:
                continue
            if ast.unparse(looked) in ("error.what", "error.message"):
                found.append(str(path.relative_to(ROOT)))
    # Errors of one template are one for all units: their texts differ in the unit's name alone.
    assert set(found) <= {"render/render.py"}


KINDS = (
    *(each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, AboutHost)),
    WorkerLost,
)


@pytest.mark.parametrize("kind", KINDS)
def test_the_host_is_named_once(kind: type[AboutHost]) -> None:
    error = kind("it is gone", host=HOST, hint="try again")
    assert str(error) == f"{HOST}: it is gone (try again)"
    assert error.describe_beside(HOST) == "it is gone"
    assert error.explain_beside(HOST) == "it is gone (try again)"
    assert error.describe_beside("lab2") == f"{HOST}: it is gone"
    assert (error.what, error.message) == ("it is gone", f"{HOST}: it is gone")
    assert error.id == error.subject == error.field == ""


VALUES = {
    "what": "it is gone",
    "why": "it is gone",
    "host": HOST,
    "holder": "ops",
    "units": ("a.service",),
    "in_template": True,
    "errors": (InputError("it is gone", id_="QT102"),),
    "error": InputError("it is gone", hint="try again"),
    "given": "a",
}
"""For the parameters of all errors that have no default."""


def list_below(kind: type[QtctlError]) -> Iterator[type[QtctlError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from list_below(each)


def test_every_error_survives_the_way_from_a_worker() -> None:
    kinds = [each for each in list_below(QtctlError) if each.__module__.startswith("qtctl.")]
    assert {regular.TooLarge, templates._NotTaken} <= set(kinds)
    assert {each.__name__ for each in kinds} == find_kinds(QtctlError)
    for kind in kinds:
        needed = [each for each in signature(kind).parameters.values() if each.default is Parameter.empty]
        words = {each.name: VALUES[each.name] for each in needed if each.kind is Parameter.KEYWORD_ONLY}
        error = kind(*(VALUES[each.name] for each in needed if each.name not in words), **words)  # type: ignore[arg-type]
        back = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
        assert (type(back), str(back), back.args) == (kind, str(error), error.args)
        assert repr(vars(back)) == repr(vars(error))


def test_a_host_that_is_not_known() -> None:
    assert str(HostError("it is gone")) == HostError("it is gone").describe_beside(HOST) == "it is gone"


def test_where_the_login_leads() -> None:
    assert str(LOST) == "lab1 (ops@10.0.0.5:22): connection refused (is sshd running there?)"
    assert LOST.describe_beside(HOST) == "ops@10.0.0.5:22: connection refused"
    assert OF_JUMP.describe_beside(HOST) == "jump1 (ops@10.0.0.9:22): login denied"


def test_lines_that_name_the_host_beside() -> None:
    evidence = refuse_all(
        Inquiry(fleet="small", host=HOST, needs=(Need(HostBaseline.FACT, "host"),)), LOST, SystemClock(), HOST
    )
    assert {item.reason for item in evidence.items} == {"ops@10.0.0.5:22: connection refused (is sshd running there?)"}
    assert make_unknown(HOST, LOST).why == "ops@10.0.0.5:22: connection refused"
    assert str(refuse_unchanged(LOST)).count(HOST) == 1


def test_a_snapshot_that_was_not_taken_has_one_hint() -> None:
    inquiry = Inquiry(fleet="small", host=HOST, needs=(Need(HostBaseline.FACT, "host"),))
    with pytest.raises(HostError) as raised:
        _must_show(refuse_all(inquiry, LOST, SystemClock(), HOST))
    assert str(raised.value).count("(") == 1


PLAN = Plan(HOST, ())


@pytest.mark.parametrize("status", [DeployStatus.RESTORED, DeployStatus.FAILED, DeployStatus.REFUSED])
@pytest.mark.parametrize(
    "error",
    [
        LOST,
        Refused("not root: sudo gave no reason", host=HOST),
        Locked("ops is deploying to it now", host=HOST, holder="ops"),
        DeployRefused("nothing was changed: no room"),
    ],
)
def test_the_end_of_a_deploy(status: DeployStatus, error: AboutHost) -> None:
    reason = Reason(ReasonKind.HOST_LOST, error.describe_beside(HOST), error.hint)
    said = "\n".join(describe_problems(DeployOutcome(plan=PLAN, status=status, reason=reason)))
    assert said.count(HOST) == 1
    assert said.startswith(f"{HOST}: ")


@pytest.mark.parametrize("holder", ["", "ops"])
def test_a_plan_that_is_refused(holder: str) -> None:
    first = Refusal(HOST, "another machine than declared", "see ssh_config", holder=holder)
    planned = Plan(HOST, (), (first,))
    (said,) = describe_problems(refuse_obstructed(planned))
    assert said.count(HOST) == 1
    for refusals, more in (((first,), ""), ((first, first), " (and 1 more)")):
        planned = Plan(HOST, (), refusals)
        reason = refuse_host(HostPlan(HOST, planned), HostEnd.LEFT_OUT).reason
        assert reason is not None
        assert reason == refuse_obstructed(planned).reason
        assert reason.what == f"another machine than declared{more}"


def test_an_action_that_is_refused() -> None:
    busy = Refusal(HOST, "ops is deploying to it now", "wait")
    outcome = refuse_control(ControlPlan(HOST, ControlRequest(ControlVerb.STOP, ()), refusals=(busy,)))
    assert outcome.why == "nothing was done: ops is deploying to it now"


def test_why_a_host_of_a_rollout_failed(capsys: pytest.CaptureFixture[str]) -> None:
    lost = Ended(HostEnd.FAILED, error=Reason(ReasonKind.HOST_LOST, "connection refused", "is sshd running there?"))
    _complain_of_host(HostRun(HOST, 1, lost))
    assert f"{HOST}: connection refused (is sshd running there?)" in capsys.readouterr().err
