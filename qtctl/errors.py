"""Errors with a place and a hint. Only the cli turns them into output and exit codes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a text something stands: `file` as the user named it, `line` from 1."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


class QtctlError(Exception):
    """Base of all errors that are shown as one line: where, what, what to do.

    `id`: the finding that the error is, such as QT102; `subject`: the entry that it is about, as `services/api`;
    `field`: the key in it, as an operator writes it: `limits.memory_max`. Each is "" if there is none.
    """

    def __init__(
        self,
        what: str,
        *,
        hint: str = "",
        place: Place | None = None,
        id_: str = "",
        subject: str = "",
        field: str = "",
    ) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.place = place
        self.id = id_
        self.subject = subject
        self.field = field

    def __reduce__(self) -> tuple[object, ...]:
        """Made again without `__init__`, whose parameters `args` are not."""
        return _make_bare, (type(self), self.args), self.__dict__

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}{self.message}{hint}"

    @property
    def message(self) -> str:
        """The finding's id and what happened, without place and hint."""
        return f"{self.id} {self.what}" if self.id else self.what

    def describe_beside(self, _host: str) -> str:
        """What happened, for a place that names the host already."""
        return self.message

    @property
    def lines(self) -> tuple[str, ...]:
        """As it is shown: one line, unless the error is made of several."""
        return (str(self),)


def _make_bare(kind: type[QtctlError], args: tuple[object, ...]) -> QtctlError:
    return kind.__new__(kind, *args)


class InputError(QtctlError):
    """Usage or invalid input: registry, compose, evidence, template, option. Exit 2."""


class BrokenTemplate(InputError):
    """A fault of a unit template, told without what the template was filled for."""


class Unrendered(InputError):
    """What keeps the files of one or more units from being rendered.

    `units`: those that it was met in; of what is no unit's, the path. `why`: what happened, without their names.
    `in_template`: the fault is the template's, at `place`; else that of a declared value, in the file that declares it.
    """

    def __init__(
        self,
        what: str,
        *,
        units: tuple[str, ...],
        why: str,
        in_template: bool,
        hint: str = "",
        place: Place | None = None,
        field: str = "",
    ) -> None:
        super().__init__(what, hint=hint, place=place, field=field)
        self.units = units
        self.why = why
        self.in_template = in_template


class InputErrors(InputError):
    """Several input errors found in one pass."""

    def __init__(self, errors: tuple[InputError, ...]) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = errors

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)

    @property
    def lines(self) -> tuple[str, ...]:
        """One for each error."""
        return tuple(str(error) for error in self.errors)


class AboutHost(QtctlError):
    """What happened on one host, or on the way to it.

    `host`: its name as it was given to connect to, or as declared; `login`: where that leads, as root@10.0.0.5:22; each
    "" if unknown. `what` names neither: whoever shows the error says which host it is, by `message` or otherwise.
    """

    def __init__(
        self, what: str, *, host: str = "", login: str = "", hint: str = "", place: Place | None = None
    ) -> None:
        super().__init__(what, hint=hint, place=place)
        self.host = host
        self.login = login

    @property
    def message(self) -> str:
        """The host and what happened, without the hint."""
        login = f" ({self.login})" if self.login else ""
        return f"{self.host}{login}: {self.what}" if self.host else self.what

    def describe_beside(self, host: str) -> str:
        """What happened, for a place that names `host` already; another one, such as a jump host, is named."""
        if self.host != host:
            return self.message
        return f"{self.login}: {self.what}" if self.login else self.what

    def name_fault(self, host: str) -> str:
        """What happened, without the login of `host` and the hint: the same for all hosts that have the same fault."""
        return self.what if self.host == host else self.message

    def explain_beside(self, host: str) -> str:
        """As `describe_beside`, with the hint."""
        return f"{self.describe_beside(host)} ({self.hint})" if self.hint else self.describe_beside(host)


class HostError(AboutHost):
    """A host, or a service on it, could not be asked: evidence is incomplete. Exit 3, or 4 in a deploy."""


class Unreachable(HostError):
    """No connection: refused, timed out, name not resolved, host key changed, login denied."""


class TemporarilyUnreachable(Unreachable):
    """No connection for a reason that may pass: refused, reset, no answer in time, or the handshake broke off."""


class NameUnknown(Unreachable):
    """The name of the host does not resolve."""


class Refused(HostError):
    """The host answered and said no: permission, forwarding, authentication of a store."""


class NoSession(Refused):
    """The host takes no further session on this connection as long as the others are open."""


class DeployRefused(AboutHost):
    """A deploy that could not begin, or that changed nothing. Exit 4."""


class UnusableGeneration(AboutHost):
    """A generation that a host does not keep, that is damaged, or that cannot be gone back to. Exit 2."""


def refuse_unchanged(error: HostError) -> DeployRefused:
    """The host could not be asked before anything was changed."""
    what = f"nothing was changed: {error.what}"
    return DeployRefused(what, host=error.host, login=error.login, hint=error.hint, place=error.place)


class LabError(QtctlError):
    """A lab host could not be built, booted, reached or ended. Exit 4."""
