"""Becoming root without asking anyone: directly, through `sudo -n` for a shell, or `sudo -n` for the host's helper."""

from collections.abc import Callable
from dataclasses import dataclass, field

from qtctl.adapters import shell
from qtctl.adapters.bounds import shorten_output as said_by
from qtctl.errors import HostError, Refused
from qtctl.interfaces.host import Running
from qtctl.remote.helper_place import HELPER
from qtctl.remote.request import Request

MARK = b"qtctl: root\n"
"""What the elevated shell says on standard error first; if it is missing, sudo did not let us through."""

_SAY = "printf 'qtctl: root\\n' >&2; exec"
_LOOK_S = 15.0


def make_command(program: str, *, root: bool) -> str:
    """The shell command that runs `program` (a line of `qtctl.adapters.shell`), as root if asked."""
    if not root:
        return program
    inner = f"{_SAY} {program}"
    # Double quotes only inside: the login shell of the host takes this as one single-quoted word.
    script = f'[ "$(id -u)" = 0 ] && {{ {inner}; }}; exec sudo -n -- /bin/sh -c "$1"'
    return f"{shell.CLEAN} /bin/sh -c " + _quote(script) + " sh " + _quote(inner)


def make_helper_command(verb: str) -> str:
    return f"{shell.CLEAN} sudo -n -- {HELPER} {verb}"


@dataclass(frozen=True, slots=True)
class Started:
    """A command line, and its standard input. `root`: it prints MARK first."""

    command: str
    stdin: bytes
    root: bool


@dataclass
class Privileges:
    """How one account on one host becomes root; the host is asked once, and only if needed.

    `run`: starts a script as the account itself.
    """

    host: str
    run: Callable[[str], Running]
    is_root: bool
    known: bool | None = None
    """The answer of `has_helper`, if it was asked or an earlier connection knows it."""
    _looking: Running | None = field(default=None, init=False)

    def ask_ahead(self) -> None:
        """Begin to ask; `has_helper` waits for the answer."""
        if not self.is_root and self.known is None and self._looking is None:
            from qtctl.apply import privileges  # noqa: PLC0415

            self._looking = self.run(privileges.look_script())

    def has_helper(self) -> bool:
        """Whether the host's helper acts for this account. Refused if the helper cannot be trusted."""
        if self.is_root:
            return False
        if self.known is None:
            self.known = self._ask()
        return self.known

    def _ask(self) -> bool:
        from qtctl.apply import privileges  # noqa: PLC0415 - who needs no root does not wait for it

        looking, self._looking = self._looking or self.run(privileges.look_script()), None
        done = looking.finish(_LOOK_S)
        try:
            seen = privileges.read_seen(done.stdout)
        except ValueError as error:
            what = f"it could not be found out how to become root: {said_by(done.stderr or done.stdout)}"
            hint = "do the account's shell startup files print, or exit the shell?"
            raise HostError(what, host=self.host, hint=hint) from error
        if privileges.choose(seen) is not privileges.Way.HELPER:
            return False
        from qtctl.apply.helper import build_helper  # noqa: PLC0415 - as above, who needs no helper

        privileges.check_helper(self.host, seen, build_helper().version)
        return True

    def prepare(self, script: str | Request, *, root: bool, attached: bool) -> Started:
        """What to start. Refused if the account may not run it as root."""
        if isinstance(script, Request) and self.has_helper():
            from qtctl.apply.helper import pack  # noqa: PLC0415

            return Started(make_helper_command(script.verb), pack(script), root=True)
        text = script.script if isinstance(script, Request) else script
        root = root or isinstance(script, Request)
        line = make_command(shell.ATTACHED if attached else shell.SHELL, root=root)
        return Started(line, (shell.attach(text) if attached else text).encode(), root)


def strip_mark(stderr: bytes, refuse: Callable[[str], Refused]) -> bytes:
    """What the command printed after the mark; before it, sudo printed.

    `refuse` makes the error if there is no mark.
    """
    before, mark, after = stderr.partition(MARK)
    if not mark:
        raise refuse(said_by(before, limit=500))
    return after


_CAUSES = (
    ("a password is required", "sudoers does not let the account run that, or asks for a password: give it NOPASSWD"),
    ("a terminal is required", "sudoers asks for a password: give the account NOPASSWD"),
    ("must have a tty", "sudoers has `requiretty`: `qtctl host prepare` switches it off for the helper"),
    ("not in the sudoers", "sudoers does not name the account"),
    ("not allowed to", "sudoers does not let the account run that"),
    ("sudo: not found", "install sudo, or connect as root"),
    ("'sudo'", "install sudo, or connect as root"),
    ("command not found", "the helper is not where sudo runs it, or not executable"),
)
"""sudo's message → what it means; the first match counts."""


def make_refusal(host: str, said: str) -> Refused:
    """`sudo -n` refused; `said` is the reason that it gave."""
    cause = next((f"{hint}; or " for words, hint in _CAUSES if words in said), "")
    hint = f"{cause}connect as root, or as a user whom sudoers gives NOPASSWD (`qtctl host prepare` makes one)"
    return Refused(f"not root: {said or 'sudo gave no reason'}", host=host, hint=hint)


def _quote(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
