"""Render, stage, and let systemd's own tools judge. Whatever no tool answered is unknown, never a pass."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from qtctl.dialects.arguments import mask_lines
from qtctl.dialects.lines import split_lines
from qtctl.dialects.systemd.analyze import (
    Elapse,
    Exposed,
    Message,
    parse_calendar,
    parse_cycles,
    parse_security,
    parse_verify,
    parse_version,
)
from qtctl.dialects.systemd.unit_name import get_template
from qtctl.errors import HostError, Place
from qtctl.findings.finding import Outcome
from qtctl.findings.policy import Policy
from qtctl.flows.declare import Loaded
from qtctl.interfaces.analyze import Analyze, Printed, Staged
from qtctl.model.desired import DesiredTimer
from qtctl.model.desired_file import DesiredFile
from qtctl.model.origin import Origin
from qtctl.model.unit_kinds import UnitKind
from qtctl.model.vocabulary import map_key_paths
from qtctl.stage.tried import list_calendars, list_tried
from qtctl.stage.verified import AnalyzeAnswer, CalendarCheck, Exposure, UnitMessage, Verified
from qtctl.stage.verify import BOOT, verify_tree

DEADLINE_S = 120.0
"""For each run of a tool."""
SINCE = 250
"""The first systemd with `security --offline` and `verify --recursive-errors`."""

_Verify = tuple[AnalyzeAnswer, tuple[UnitMessage, ...]]
_Calendars = tuple[AnalyzeAnswer, tuple[CalendarCheck, ...]]
_Exposures = tuple[AnalyzeAnswer, tuple[Exposure, ...]]

HOLDS, BROKEN, UNKNOWN = Outcome.HOLDS, Outcome.BROKEN, Outcome.UNKNOWN


def verify(declared: Loaded, tool: Analyze, threshold: float | None, deadline_s: float = DEADLINE_S) -> Verified:
    """What this machine's systemd says about every generated unit of the host. If the tool fails: unknown."""
    work = _Work(declared, threshold, deadline_s)
    try:
        with tool.stage(verify_tree(declared.desired)) as staged:
            return work.judge(staged)
    except HostError as error:
        return work.make_unknown(str(error))


@dataclass(slots=True)
class _Work:
    declared: Loaded
    threshold: float | None
    deadline_s: float
    made: dict[str, DesiredFile] = field(init=False)
    origins: dict[str, Origin] = field(init=False)
    """The origin of each service and template, by unit."""
    tried: dict[str, tuple[str, ...]] = field(init=False)
    """Generated unit → the units that systemd is asked about."""
    weighed_as: dict[str, str] = field(init=False)
    """The unit of each service or template → the unit that systemd weighs."""

    def __post_init__(self) -> None:
        desired = self.declared.desired
        self.made = {file.subject: file for file in desired.files if file.kind == "unit"}
        services = [each for each in desired.generated_units() if each.kind is UnitKind.SERVICE]
        self.origins = {service.unit: service.origin for service in services if service.unit in self.made}
        self.tried = list_tried(desired)
        self.weighed_as = {unit: self.tried[unit][0] for unit in self.origins}

    @property
    def units(self) -> tuple[str, ...]:
        return tuple(sorted(self.made))

    @property
    def asked(self) -> tuple[str, ...]:
        """The units that systemd is asked about."""
        return tuple(each for unit in self.units for each in self.tried.get(unit, (unit,)))

    @property
    def services(self) -> tuple[str, ...]:
        return tuple(sorted(self.origins))

    def make_unknown(self, reason: str) -> Verified:
        """Nothing was answered."""
        why = AnalyzeAnswer(UNKNOWN, reason)
        return self._combine_answers(None, (why, ()), (why, self._make_unread(reason)), (why, self._make_unweighed()))

    def judge(self, staged: Staged) -> Verified:
        version = parse_version(staged.analyze(["--version"], self.deadline_s).out)
        calendar = self._read_calendars(staged)
        if version is None or version < SINCE:
            old = f"systemd-analyze of systemd {version or 'of no known version'}; {SINCE} or later is needed"
            why = AnalyzeAnswer(UNKNOWN, old)
            return self._combine_answers(version, (why, ()), calendar, (why, self._make_unweighed()))
        return self._combine_answers(version, self._verify(staged), calendar, self._weigh_units(staged))

    def _combine_answers(
        self,
        version: int | None,
        verified: _Verify,
        calendar: _Calendars,
        security: _Exposures,
    ) -> Verified:
        desired = self.declared.desired
        return Verified(
            fleet=desired.fleet,
            host=desired.host,
            host_systemd=self.declared.registry.hosts[desired.host].systemd,
            systemd=version,
            threshold=self.threshold,
            units=self.units,
            verify=verified[0],
            messages=verified[1],
            calendar=calendar[0],
            calendars=calendar[1],
            security=security[0],
            exposures=security[1],
            policy=Policy.of(desired.fail_on, dict(desired.severities), desired.waivers, datetime.now(UTC).isoformat()),
        )

    def _verify(self, staged: Staged) -> _Verify:
        if not self.units:
            return AnalyzeAnswer(UNKNOWN, "no unit is generated for this host"), ()
        try:
            done = self._ask(staged, ["--recursive-errors=no"], self.asked)
            cycles = self._find_cycles(staged)
        except HostError as error:
            return AnalyzeAnswer(UNKNOWN, str(error)), ()
        said = tuple(self._make_message(said) for said in parse_verify(f"{done.out}\n{done.err}", staged.root))
        messages = (*said, *cycles)
        broken = any(each.unit for each in messages) or (done.exit > 0 and messages)
        if broken:
            return AnalyzeAnswer(BROKEN), messages
        return AnalyzeAnswer(HOLDS) if done.exit == 0 else AnalyzeAnswer(
            UNKNOWN, _explain_end("verify", done)
        ), messages

    def _ask(self, staged: Staged, options: Sequence[str], units: Sequence[str]) -> Printed:
        command = ["verify", "--man=no", f"--root={staged.root}", *options, "--", *units]
        return staged.analyze(command, self.deadline_s)

    def _find_cycles(self, staged: Staged) -> tuple[UnitMessage, ...]:
        """Ordering cycles. Without dependencies none shows up, so they are asked for separately, as at a boot."""
        done = self._ask(staged, [], [*BOOT[:1], *self.asked])
        if done.exit < 0:
            raise HostError(_explain_end("verify", done))
        found = (self._make_cycle_message(way) for way in parse_cycles(f"{done.out}\n{done.err}"))
        return tuple(each for each in found if each is not None)

    def _make_cycle_message(self, way: Sequence[str]) -> UnitMessage | None:
        generated = ((unit if unit in self.made else get_template(unit)) for unit in way)
        unit = next((each for each in generated if each in self.made), None)
        if unit is None:
            return None
        what = f"ordering cycle: {' after '.join((*way, way[0]))}"
        return UnitMessage(unit, "", None, "", what, self._place(str(self.made[unit].origin)))

    def _make_message(self, said: Message) -> UnitMessage:
        unit = said.unit if said.unit in self.made else get_template(said.unit)
        made = self.made.get(unit)
        if made is None:
            named = f"{said.path or said.unit}: " if said.unit else ""
            return UnitMessage("", "", None, "", f"{named}{mask_lines(said.what)}", None)
        lines = made.content.decode().split("\n")
        text = lines[said.line - 1] if said.line and said.line <= len(lines) else ""
        declared = self._place(str(made.origin.at(*map_key_paths().get(text.partition("=")[0], ()))))
        return UnitMessage(unit, said.path, said.line, mask_lines(text), mask_lines(said.what), declared)

    def _read_calendars(self, staged: Staged) -> _Calendars:
        expressions = tuple(
            dict.fromkeys(expression for _, expression in list_calendars(self.declared.desired, self.tried))
        )
        if not expressions:
            return AnalyzeAnswer(HOLDS), ()
        try:
            read = self._read_elapses(staged, expressions)
        except HostError as error:
            return AnalyzeAnswer(UNKNOWN, str(error)), self._make_unread(str(error))
        checks = tuple(
            self._check_calendar(timer, expression, read[expression])
            for timer, expression in list_calendars(self.declared.desired, self.tried)
        )
        return AnalyzeAnswer(BROKEN if any(check.outcome is BROKEN for check in checks) else HOLDS), checks

    def _read_elapses(self, staged: Staged, expressions: Sequence[str]) -> dict[str, Elapse | str]:
        """Each expression with systemd's reading or complaint: all in one run, or one by one if it refuses some."""
        done = staged.analyze(["calendar", "--", *expressions], self.deadline_s)
        read = parse_calendar(done.out)
        if done.exit == 0 and len(read) == len(expressions):
            return dict(zip(expressions, read, strict=True))
        return {each: self._read_elapse(staged, each) for each in expressions}

    def _read_elapse(self, staged: Staged, expression: str) -> Elapse | str:
        done = staged.analyze(["calendar", "--", expression], self.deadline_s)
        read = parse_calendar(done.out)
        if done.exit == 0 and len(read) == 1:
            return read[0]
        if done.exit <= 0 or not done.err.strip():
            raise HostError(_explain_end("calendar", done))
        return split_lines(done.err.strip())[-1]

    def _check_calendar(self, timer: DesiredTimer, expression: str, read: Elapse | str) -> CalendarCheck:
        declared = self._place(str(timer.origin.at("on_calendar")))
        if isinstance(read, str):
            return CalendarCheck(timer.unit, expression, "", BROKEN, read, declared)
        if read.never:
            return CalendarCheck(timer.unit, expression, read.normalized, BROKEN, "it never comes again", declared)
        return CalendarCheck(timer.unit, expression, read.normalized, HOLDS, "", declared)

    def _weigh_units(self, staged: Staged) -> _Exposures:
        if not self.services:
            return AnalyzeAnswer(UNKNOWN, "no service was rated: none is generated for this host"), ()
        options = ["--offline=true", "--no-pager", f"--root={staged.root}"]
        try:
            done = staged.analyze(["security", *options, "--", *self.weighed_as.values()], self.deadline_s)
        except HostError as error:
            return AnalyzeAnswer(UNKNOWN, str(error)), self._make_unweighed()
        found = parse_security(done.out)
        exposures = tuple(self._make_exposure(unit, found.get(self.weighed_as[unit])) for unit in self.services)
        if any(each.outcome is BROKEN for each in exposures):
            return AnalyzeAnswer(BROKEN), exposures
        missing = [each.unit for each in exposures if each.outcome is UNKNOWN]
        if missing:
            return AnalyzeAnswer(
                UNKNOWN, f"{_explain_end('security', done)}; no rating for {', '.join(missing)}"
            ), exposures
        return AnalyzeAnswer(HOLDS), exposures

    def _make_exposure(self, unit: str, found: Exposed | None) -> Exposure:
        declared = self._place(str(self.origins[unit].at("sandbox")))
        if found is None:
            return Exposure(unit, None, "", UNKNOWN, (), declared)
        above = self.threshold is not None and found.exposure > self.threshold
        return Exposure(unit, found.exposure, found.rating, BROKEN if above else HOLDS, found.open, declared)

    def _make_unread(self, reason: str) -> tuple[CalendarCheck, ...]:
        return tuple(
            CalendarCheck(timer.unit, expression, "", UNKNOWN, reason, self._place(str(timer.origin.at("on_calendar"))))
            for timer, expression in list_calendars(self.declared.desired, self.tried)
        )

    def _make_unweighed(self) -> tuple[Exposure, ...]:
        return tuple(self._make_exposure(unit, None) for unit in self.services)

    def _place(self, origin: str) -> Place:
        return self.declared.place(origin)


def _explain_end(what: str, done: Printed) -> str:
    how = f"was ended by signal {-done.exit}" if done.exit < 0 else f"exited with {done.exit}"
    last = split_lines(done.err.strip())[-1:] or ["without a word"]
    return f"systemd-analyze {what} {how}: {last[0]}"
