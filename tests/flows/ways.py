"""Ways in which a deploy can fail, as data: what happens when, how it ends, and what the host has then."""

import hashlib
from dataclasses import dataclass, field, replace
from enum import StrEnum
from shlex import quote

from qtctl.model.desired import Desired
from qtctl.model.desired_unit import Listener
from qtctl.model.origin import Origin
from qtctl.model.states import ServiceState
from qtctl.plan.outcome import DeployStatus, ReasonKind
from tests.builders.planned import UNITS, desired, service, target, timer
from tests.flows.ground import MARK, PORT, SERVE, SLEEP, THREE, fleet, unit

A, B, C = (f"quantum-{name}.service" for name in "abc")


class Moment(StrEnum):
    """When something happens to the host."""

    BEFORE = "before"
    """Before it is looked at."""
    ASKED = "asked"
    """Between the plan and its first step."""
    APPLIED = "applied"
    """While its steps are carried out, or just after."""
    WATCHED = "watched"
    """While it is waited for."""


class Host(StrEnum):
    """What the host must have afterwards: files, links, units, processes and their environment."""

    OLD = "as before"
    NEW = "as declared"
    OPERATORS = "as before, but for what the operator did"
    BROKEN = "neither: it says so, and refuses deploys until a person has seen to it"


RESTORED, REFUSED = (DeployStatus.RESTORED, 4), (DeployStatus.REFUSED, 4)
DEPLOYED, FAILED = (DeployStatus.DEPLOYED, 0), (DeployStatus.FAILED, 5)


@dataclass(frozen=True, kw_only=True)
class Way:
    """`does` runs as root at `moment`, and `undoes` after the test. `says`: patterns, each in what the caller is told.

    `ready` is what the host is when it begins. `ends`: the status and the exit code. `kept` runs afterwards, and must
    exit 0. `outside` and `undoes_outside` run on this machine, with the host's root folder as `root`.
    """

    wanted: Desired
    ready: Desired = field(default_factory=lambda: fleet(THREE))
    ends: tuple[DeployStatus, int]
    kind: ReasonKind | None = None
    host: Host = Host.OLD
    says: tuple[str, ...] = ()
    moment: Moment = Moment.BEFORE
    does: str = ""
    undoes: str = ""
    kept: str = ""
    outside: str = ""
    undoes_outside: str = ""
    steady_s: float = 1
    deadline_s: float = 20


def changed(lines: str, name: str = "a", *, unit: str = "", command: str = SLEEP, install: str = "") -> Desired:
    """THREE, of which one has another definition: lines of [Service] that come after the usual ones."""
    made = fleet(THREE)
    text = (
        f"{MARK}[Unit]\nDescription={name}\n{unit}\n[Service]\nType=exec\nUser=qt\n"
        f"EnvironmentFile=/etc/quantum/{name}.env\nExecStart={command}\n{lines}\n"
        f"[Install]\nWantedBy=quantum.target\n{install}"
    ).encode()
    return with_text(made, f"{UNITS}/quantum-{name}.service", text)


def with_text(made: Desired, path: str, text: bytes) -> Desired:
    digest = hashlib.sha256(text).hexdigest()
    files = tuple(replace(file, content=text, sha256=digest) if file.path == path else file for file in made.files)
    return replace(made, files=files)


OTHER = fleet({**THREE, "a": "/usr/bin/sleep 4711"})
"""Nothing is wrong with it."""
ENV = fleet(THREE, env=b"A=2\n")
HEALTH = Listener("http", "tcp", "127.0.0.1", 18080, "/nothing-here", 200, 2_000_000, Origin("services/x.toml"))
LISTENS = fleet({**THREE, "a": SERVE}, ports={"a": PORT})
HOLDS_PORT = (
    "systemd-run -q --unit=holder python3 -m http.server --bind 127.0.0.1 18080; "
    "until ss -Hlnt 'sport = :18080' | grep -q .; do sleep 0.1; done"
)
FILLS = (
    "mkdir -p /root/full; cp -a /var/lib/qtctl/. /root/full/; mount -t tmpfs -o size=8m,mode=0711 "
    "tmpfs /var/lib/qtctl; "
    "cp -a /root/full/. /var/lib/qtctl/"
)
UNFILLS = "umount -l /var/lib/qtctl; rm -rf /root/full; rm -f /var/lib/qtctl/tx/*"


NIGHTLY = "/tmp/nightly"


def _nightly(word: str, command: str = SLEEP) -> Desired:
    """A job that a timer starts every three seconds, and takes two; and service a."""
    job = f"/bin/sh -c 'sleep 2; echo {word} >>{NIGHTLY}'"
    texts = {
        f"{UNITS}/quantum.target": f"{MARK}[Unit]\nDescription=t\n[Install]\nWantedBy=multi-user.target\n".encode(),
        f"{UNITS}/quantum-a.service": unit("a", command, "a", ""),
        f"{UNITS}/quantum-t.service": f"{MARK}[Service]\nType=oneshot\nUser=qt\nExecStart={job}\n".encode(),
        f"{UNITS}/quantum-t.timer": f"{MARK}[Timer]\nOnCalendar=*:*:0/3\nAccuracySec=1ms\n"
        "[Install]\nWantedBy=timers.target\n".encode(),
    }
    return desired(service("a"), service("t", ServiceState.ON_TIMER), timer("t"), target(), texts=texts)


_NIGHTLY_GOES = (
    f"systemctl disable -q --now quantum-t.timer; systemctl stop quantum-t; rm -f {UNITS}/quantum-t.* "
    f"/etc/quantum/t.env {NIGHTLY}; systemctl daemon-reload"
)
_RUNS_NOW = 'until [ "$(systemctl is-active quantum-t)" = activating ]; do sleep 0.05; done'
KEY_CHANGES = (
    "cp -a /etc/ssh/ssh_host_ed25519_key /etc/ssh/ssh_host_ed25519_key.pub /root/; rm /etc/ssh/ssh_host_ed25519_key*; "
    "ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key; systemctl reload ssh 2>/dev/null || "
    "systemctl restart ssh"
)
KEY_IS_BACK = "mv /root/ssh_host_ed25519_key* /etc/ssh/; systemctl reload ssh || systemctl restart ssh"
SUDO_GOES = "mkdir /root/sudoers; mv /etc/sudoers.d/* /root/sudoers/"
SUDO_IS_BACK = "mv /root/sudoers/* /etc/sudoers.d/; rmdir /root/sudoers"
MAY = "/run/may-run"
WHILE = f"/bin/sh -c 'test -e {MAY} && exec sleep inf'"


RECOVERS = "cd /var/lib/qtctl; n=$(cat tx/broken); sh gen/$n/transaction.sh recover $n test"
RELOADS = "mv /usr/bin/systemctl.kept /usr/bin/systemctl; rm -f /run/reloads; systemctl daemon-reload"


def _reload_fails(which: str) -> str:
    """Of the reloads from now on, those whose number is so."""
    lines = (
        "#!/bin/sh", 'if [ "$1" = daemon-reload ]; then', "echo >>/run/reloads",
        f"if [ $(wc -l </run/reloads) {which} ]; then", "echo told to fail >&2; exit 1; fi", "fi",
        'exec /usr/bin/systemctl.kept "$@"',
    )  # fmt: skip
    text = quote("".join(f"{line}\n" for line in lines))
    return f"cd /usr/bin; mv systemctl systemctl.kept; printf %s {text} >systemctl; chmod 755 systemctl"


def _start_fails(lines: str, words: str, command: str = SLEEP) -> Way:
    return Way(
        wanted=changed(lines, command=command), ends=RESTORED, kind=ReasonKind.STEPS_FAILED,
        says=(f"failed: restart {A}|failed: start {A}", f"why: {A}: failed \\(failed\\), {words}"),
    )  # fmt: skip


def _operator(moment: Moment, does: str, kept: str, **more: object) -> Way:
    usual: dict[str, object] = {"wanted": OTHER, "ends": RESTORED, "host": Host.OPERATORS}
    return Way(**{**usual, "moment": moment, "does": does, "kept": kept, **more})  # type: ignore[arg-type]


WAYS: dict[str, Way] = {
    "a unit that systemd refuses": Way(
        wanted=changed("ExecStart=no-absolute/path"), ends=REFUSED, kind=ReasonKind.IN_THE_WAY,
        says=(f"nothing was changed: {A}: .*the host's systemd refuses it",),
    ),
    "200, a working folder": _start_fails("WorkingDirectory=/nonexistent", "200/CHDIR"),
    "203, a program": _start_fails("", "203/EXEC: the program is missing", "/nonexistent"),
    "216, a group": _start_fails("Group=nobody-here", "216/GROUP"),
    "217, a user": _start_fails("User=nobody-here", "217/USER"),
    "226, a path of the sandbox": _start_fails("ReadWritePaths=/nonexistent", "226/NAMESPACE"),
    "243, a credential": _start_fails("LoadCredential=x:/nonexistent", "243/CREDENTIALS"),
    "it dies after 3 s": Way(
        wanted=fleet({**THREE, "a": "/bin/sh -c 'sleep 3; exit 1'"}), ends=RESTORED, kind=ReasonKind.NOT_AS_DECLARED,
        says=(A,), steady_s=5,
    ),
    "it dies after 8 s": Way(
        wanted=fleet({**THREE, "a": "/bin/sh -c 'sleep 8; exit 7'"}), ends=RESTORED, kind=ReasonKind.NOT_AS_DECLARED,
        says=(A, "7"), steady_s=10, deadline_s=40,
    ),
    "it dies after its steady time would have ended, and restarts slowly": Way(
        wanted=changed("Restart=always\nRestartSec=6", command="/bin/sh -c 'sleep 4; exit 1'"), ends=RESTORED,
        kind=ReasonKind.NOT_AS_DECLARED, says=(A,), deadline_s=25,
    ),
    "it waits for its next restart": Way(
        wanted=changed("Restart=always\nRestartSec=60", command="/bin/sh -c 'sleep 0.5; exit 1'"), ends=RESTORED,
        kind=ReasonKind.NOT_AS_DECLARED, says=(A,), deadline_s=10,
    ),
    "it never gets beyond activating": Way(
        wanted=changed("Type=notify\nTimeoutStartSec=60"), ends=RESTORED, says=(A,), deadline_s=8
    ),
    "another has the port by then": Way(
        wanted=LISTENS, ends=RESTORED, says=(f"QT30[0-9].*18080|{A}",), moment=Moment.ASKED, does=HOLDS_PORT,
        undoes="systemctl stop holder; systemctl reset-failed holder || :", deadline_s=8,
    ),
    "it listens wider than declared": Way(
        wanted=fleet({**THREE, "a": SERVE.replace("127.0.0.1", "0.0.0.0")}, ports={"a": PORT}), ends=RESTORED,  # noqa: S104 - that is the fault
        kind=ReasonKind.NOT_AS_DECLARED, says=("open: QT303 127.0.0.1:18080",), deadline_s=8,
    ),
    "a wrong health answer": Way(
        wanted=fleet({**THREE, "a": SERVE}, ports={"a": HEALTH}), ends=RESTORED, kind=ReasonKind.NOT_AS_DECLARED,
        says=("open: QT305 127.0.0.1:18080/nothing-here",), deadline_s=8,
    ),
    "the disk is full when it begins": Way(
        wanted=ENV, ends=REFUSED, does=f"{FILLS}; head -c 20m /dev/zero >/var/lib/qtctl/replaced/fill 2>/dev/null || :",
        undoes=UNFILLS, says=("nothing was changed|MiB are free",),
    ),
    "the disk fills while it is applied": Way(
        wanted=changed("", command="/bin/sh -c 'sleep 2; exit 1'"), ends=RESTORED, does=FILLS, undoes=UNFILLS,
        says=(A,), steady_s=5,
    ),
    "a folder turns read-only": Way(
        wanted=ENV, ends=REFUSED, moment=Moment.ASKED, says=("/etc/quantum",),
        does="mount --bind /etc/quantum /etc/quantum; mount -o remount,bind,ro /etc/quantum",
        undoes="umount /etc/quantum",
    ),
    "something is mounted on a file": Way(
        wanted=ENV, ends=REFUSED, moment=Moment.ASKED, says=("/etc/quantum/a.env.*mount",),
        does="mount --bind /etc/quantum/a.env /etc/quantum/a.env", undoes="umount /etc/quantum/a.env",
    ),
    "systemd does not reload": Way(
        wanted=OTHER, ends=RESTORED, kind=ReasonKind.STEPS_FAILED, moment=Moment.ASKED,
        says=("failed: daemon-reload systemd: told to fail",), does=_reload_fails("= 1"), undoes=RELOADS,
    ),
    "systemd reloads no more": Way(
        wanted=OTHER, ends=RESTORED, kind=ReasonKind.STEPS_FAILED, moment=Moment.ASKED,
        says=("failed: daemon-reload systemd: told to fail", "daemon-reload: told to fail"),
        does=_reload_fails("-ge 1"), undoes=RELOADS,
    ),
    "systemd reloads once, and then no more": Way(
        wanted=fleet({**THREE, "a": "/usr/bin/sleep 4711"}, ports={"a": PORT}), ends=FAILED, moment=Moment.ASKED,
        kind=ReasonKind.NOT_AS_DECLARED, host=Host.BROKEN, says=("daemon-reload: told to fail", "qtctl recover"),
        does=_reload_fails("-ge 2"), undoes=f"{RELOADS}; {RECOVERS}", kept="test -f /var/lib/qtctl/tx/broken",
        deadline_s=8,
    ),
    "neither the new definition nor the old one comes up": Way(
        ready=fleet({**THREE, "a": WHILE}), wanted=fleet({**THREE, "a": WHILE}, env=b"A=2\n"), ends=FAILED,
        host=Host.BROKEN, says=(A,), does=f"rm {MAY}", kept="test -f /var/lib/qtctl/tx/broken",
        undoes=f"touch {MAY}; {RECOVERS}",
    ),
    "a timer fires while it is applied": Way(
        ready=_nightly("old"), wanted=_nightly("new"), ends=DEPLOYED, host=Host.NEW, moment=Moment.ASKED,
        does=_RUNS_NOW, undoes=_NIGHTLY_GOES,
        kept=f'systemctl -q is-active quantum-t.timer && sleep 6 && test "$(tail -n 1 {NIGHTLY})" = new && '
        "! systemctl -q is-failed quantum-t",
    ),
    "a timer fires while one that fails is applied": Way(
        ready=_nightly("old"), wanted=_nightly("new", "/nonexistent"), ends=RESTORED, moment=Moment.ASKED,
        does=_RUNS_NOW, undoes=_NIGHTLY_GOES, says=(f"failed: restart {A}",),
        kept=f'systemctl -q is-active quantum-t.timer && sleep 6 && test "$(tail -n 1 {NIGHTLY})" = old',
    ),
    "a file is immutable": Way(
        wanted=ENV, ends=REFUSED, says=("nothing was changed|/etc/quantum/a.env",),
        outside="chattr +i {root}/etc/quantum/a.env", undoes_outside="chattr -i {root}/etc/quantum/a.env",
    ),
    "a file turns immutable once it was asked": Way(
        wanted=ENV, ends=REFUSED, says=("/etc/quantum/a.env cannot be replaced: it is immutable",), moment=Moment.ASKED,
        outside="chattr +i {root}/etc/quantum/a.env", undoes_outside="chattr -i {root}/etc/quantum/a.env",
    ),
    "a folder is immutable": Way(
        wanted=ENV, ends=REFUSED, says=("/etc/quantum",), moment=Moment.ASKED,
        outside="chattr +i {root}/etc/quantum", undoes_outside="chattr -i {root}/etc/quantum",
    ),
    "all of /etc is read-only": Way(
        wanted=ENV, ends=REFUSED, says=("/etc.*read-only",),
        does="mount --bind /etc /etc; mount -o remount,bind,ro /etc", undoes="umount /etc",
    ),
    "the host key changes": Way(
        wanted=OTHER, ends=RESTORED, kind=ReasonKind.HOST_LOST, says=("host key",), moment=Moment.APPLIED,
        does=KEY_CHANGES, undoes=KEY_IS_BACK, steady_s=2, deadline_s=6,
    ),
    "sudo is refused once it was asked": Way(
        wanted=OTHER, ends=REFUSED, says=("nothing was changed: .*sudo",), moment=Moment.ASKED,
        does=SUDO_GOES, undoes=SUDO_IS_BACK,
    ),
    "D-Bus restarts halfway": Way(
        wanted=OTHER, ends=DEPLOYED, host=Host.NEW, moment=Moment.APPLIED, steady_s=4,
        does="systemctl kill -s KILL dbus.service; sleep 1; systemctl start dbus.service",
    ),
    "a socket without a cgroup": Way(
        wanted=OTHER, ends=DEPLOYED, host=Host.NEW,
        does="mkdir -p /sys/fs/cgroup/stray; systemd-run -q -p KillMode=none --unit=left "
        "python3 -m http.server --bind 127.0.0.1 19999; left=$(systemctl show -P MainPID left); "
        "until ss -Hlnt | grep -q :19999; do sleep 0.1; done; "
        "echo $left >/sys/fs/cgroup/stray/cgroup.procs; systemctl stop left; ss -Hlnt | grep -q :19999",
        undoes="kill -KILL $(cat /sys/fs/cgroup/stray/cgroup.procs); "
        "until rmdir /sys/fs/cgroup/stray; do sleep 0.1; done; "
        "systemctl reset-failed left 2>/dev/null || :",
    ),
    "a new command to stop does not stop the old process": Way(
        wanted=changed("ExecStop=/bin/sh -c 'touch /tmp/stopped-by-the-new'"), ends=DEPLOYED, host=Host.NEW,
        kept="test ! -e /tmp/stopped-by-the-new && systemctl stop quantum-a && test -e /tmp/stopped-by-the-new && "
        "systemctl start quantum-a", undoes="rm -f /tmp/stopped-by-the-new",
    ),
    "a file is edited while it is watched": _operator(
        Moment.WATCHED, f"echo '# mine' >>{UNITS}/{A}", f"grep -q '# mine' {UNITS}/{A}",
        says=(f"write {UNITS}/{A} is needed once more", f"left: {UNITS}/{A}"), steady_s=4, deadline_s=15,
    ),
    "an env file is edited while it is watched": _operator(
        Moment.WATCHED, "echo '# mine' >>/etc/quantum/a.env", "grep -q '# mine' /etc/quantum/a.env",
        wanted=ENV, says=("write /etc/quantum/a.env is needed once more", "left: /etc/quantum/a.env"), steady_s=4,
        deadline_s=15,
    ),
    "a unit is disabled while it is watched": _operator(
        Moment.WATCHED, f"systemctl disable -q {A}", "true", host=Host.OLD, steady_s=4, deadline_s=15,
        says=(f"enable {A} is needed once more",),
    ),
    "a unit is stopped while it is watched": _operator(
        Moment.WATCHED, f"systemctl stop {B}", f"! systemctl -q is-active {B} || true", says=(B,), steady_s=4,
        deadline_s=12,
    ),
    "a unit is masked while it is watched": _operator(
        Moment.WATCHED,
        f"mkdir -p /run/systemd/system; ln -s /dev/null /run/systemd/system/{B}; systemctl daemon-reload",
        f"test -L /run/systemd/system/{B}", wanted=OTHER, host=Host.NEW, ends=DEPLOYED, steady_s=4, deadline_s=8,
        undoes=f"rm -f /run/systemd/system/{B}; systemctl daemon-reload",
    ),
    "a file is edited between plan and apply": _operator(
        Moment.ASKED, f"echo '# mine' >>{UNITS}/{A}", f"grep -q '# mine' {UNITS}/{A}", ends=REFUSED,
        says=(f"nothing was changed: {UNITS}/{A} has changed since this was planned",),
    ),
    "a drop-in appears between plan and apply": _operator(
        Moment.ASKED,
        f"mkdir {UNITS}/{A}.d; printf '[Service]\\nNice=5\\n' >{UNITS}/{A}.d/own.conf; systemctl daemon-reload",
        f"test -f {UNITS}/{A}.d/own.conf", ends=REFUSED, undoes=f"rm -r {UNITS}/{A}.d; systemctl daemon-reload",
        says=(f"nothing was changed: {A}: its files or drop-ins were changed since this was planned",),
    ),
    "a drop-in appears, and systemd has not read it": _operator(
        Moment.ASKED, f"mkdir {UNITS}/{A}.d; printf '[Service]\\nNice=5\\n' >{UNITS}/{A}.d/own.conf",
        f"test -f {UNITS}/{A}.d/own.conf", ends=REFUSED, undoes=f"rm -r {UNITS}/{A}.d; systemctl daemon-reload",
        says=(f"nothing was changed: {A}: its files or drop-ins were changed since this was planned",),
    ),
    "another unit is stopped between plan and apply": _operator(
        Moment.ASKED, f"systemctl stop {C}", f"! systemctl -q is-active {C}", says=(C,), deadline_s=15
    ),
    "the unit that changes is stopped between plan and apply": Way(
        wanted=OTHER, ends=DEPLOYED, host=Host.NEW, moment=Moment.ASKED, does=f"systemctl stop {A}"
    ),
    "the unit that changes is masked between plan and apply": _operator(
        Moment.ASKED,
        f"mkdir /root/was; mv {UNITS}/{A} /root/was/; ln -s /dev/null {UNITS}/{A}; systemctl daemon-reload",
        f'test "$(readlink {UNITS}/{A})" = /dev/null', ends=REFUSED,
        says=("has changed since this was planned",),
        undoes=f"rm {UNITS}/{A}; mv /root/was/{A} {UNITS}/; rmdir /root/was; systemctl daemon-reload",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Refused:
    """`does` comes before the host is looked at."""

    does: str
    undoes: str
    says: str
    exit_code: int = 4


BEFORE_THE_PLAN: dict[str, Refused] = {
    "the host key is another": Refused(KEY_CHANGES, KEY_IS_BACK, "host key"),
    "sudo is refused": Refused(SUDO_GOES, SUDO_IS_BACK, "sudo"),
}
