"""Units of every kind that systemd may refuse: each reason of its source, alone and beside what makes it harmless.

Name → text of a file; `NAME.d/10.conf` is a drop-in. `asked` has a real systemd judge them, in one process.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

TRUE = "/bin/true"
TYPES = ("", "simple", "exec", "forking", "oneshot", "dbus", "notify", "notify-reload", "idle", "bogus")
RESTARTS = ("", "no", "always", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "bogus")
KILL_MODES = ("", "control-group", "mixed", "process", "none", "bogus")
VALUES: Mapping[str, tuple[str, ...]] = {
    "ExecStart": (
        "true", "bin/true", "/", "/bin/", "/bin/.", "-/bin/", "/bin/true ; /bin/false", "/bin/true \\; x",
        "; /bin/true",
        '"/bin/true" x', '/bin/true "x', '-/bin/true "x', '"/bin/true', "@/bin/true", "@/bin/true x", "-@/bin/", "%F",
        "/bin/date +%F", "/bin/date +%%F", "-/bin/date +%F", "/bin/date +%", "/bin/date % x", "/bin/%i", "%h/x", "x%hx",
        "+/bin/true", "!/bin/true", "!!/bin/true", "+!/bin/true", "--/bin/true", "-", "/bin/tr\\x22ue", "/bin/tr'ue",
        "/bin/../bin/true", "/" + "a" * 256, ".", "..", "-..", ":/bin/true", "::/bin/true", "/bin/true %f %I %J %P",
        "/bin/true \\q", "/bin/true \\xff", "/bin/true \\377 \\ud800", "/bin/true '\\xff",
        "-/bin/true ; /bin/false \\xff",
        '""', '/bin/true ""', "/bin/true ;x", "/bin/true;", "/bin/true ; bin/x",
        "-/bin/true ; bin/x",
        "/bin/true ; -bin/x",
    ),
    "User": ("nobody", "-x", "a:b", "a/b", "0", "00", "65535", "65534", "4294967295", "99999999999", "-1", ".", "..",
             "%i", "%F", "a b", "a@b", "1a", "ünder", "%%"),
    "Group": ("nogroup", "a:b", "%F", "65535"),
    "SupplementaryGroups": ("a b", "a b:c", "a %F", '"a"'),
    "RootDirectory": ("/", "-/srv", "srv", "/srv/../x", "%F", "%h", "~", "/srv/./x/"),
    "RootImage": ("/x.raw", "-/x.raw", "x.raw"),
    "RootVerity": ("/x", "x"),
    "WorkingDirectory": ("/srv", "-/srv", "srv", "-srv", "~", "-~", "~/x", "/srv/../x", "-/srv/../x", "%F", "-%F", "%h",
                         "/srv/%i", "/proc/self"),
    "SELinuxContext": ("x", "%F", "-%F"),
    "AppArmorProfile": ("x", "%F", "-%F"),
    "SmackProcessLabel": ("x", "%F", "-%F"),
    "DynamicUser": ("yes", "no", "perhaps", ""),
}  # fmt: skip
LISTENS = (
    "ListenStream=80", "ListenStream=127.0.0.1:81", "ListenStream=[::1]:82", "ListenStream=/run/x/a",
    "ListenStream=@abstract", "ListenStream=localhost:80", "ListenStream=0", "ListenStream=99999", "ListenStream=run/x",
    "ListenStream=vsock::1234", "ListenStream=/" + "a" * 108, "ListenStream=%F", "ListenStream=/run/%i",
    "ListenStream=eth0:80", "ListenDatagram=/run/x/b", "ListenDatagram=83", "ListenSequentialPacket=/run/x/c",
    "ListenSequentialPacket=84", "ListenFIFO=/run/x/d", "ListenFIFO=run/d", "ListenSpecial=/dev/x",
    "ListenNetlink=kobject-uevent 1", "ListenMessageQueue=/queue", "ListenMessageQueue=queue",
    "ListenStream=80\nListenStream=", "ListenStream=80\nListenFIFO=", "ListenUSBFunction=/x", "",
)  # fmt: skip


def cases() -> dict[str, str]:
    """All of them."""
    return dict((*_services(), *_values(), *_contexts(), *_sockets(), *_rest(), *_dropins()))


def core() -> dict[str, str]:
    """A few hundred that have each reason: what runs every time."""
    every = cases()
    return {name: text for number, (name, text) in enumerate(every.items()) if number % 4 == 0 or "-c" in name[:6]}


def _service(*lines: str) -> str:
    return "\n".join(("[Service]", *(line for line in lines if line), ""))


def _services() -> Iterator[tuple[str, str]]:
    starts = ("", f"ExecStart={TRUE}", f"ExecStart={TRUE}\nExecStart={TRUE}", f"ExecStart={TRUE}\nExecStart=")
    stops = ("", f"ExecStop={TRUE}")
    rest = ("", "RemainAfterExit=yes", "[Unit]\nSuccessAction=reboot")
    for number, (type_, start, stop, more) in enumerate(product(TYPES, starts, stops, rest)):
        yield f"zs{number}.service", _service(type_ and f"Type={type_}", start, stop, more)
    for number, (type_, restart) in enumerate(product(TYPES, RESTARTS)):
        yield (
            f"zr{number}.service",
            _service(
                type_ and f"Type={type_}", f"ExecStart={TRUE}", f"BusName=a.r{number}", restart and f"Restart={restart}"
            ),
        )
    forced = ("RestartForceExitStatus=1", "RestartForceExitStatus=",
              "RestartForceExitStatus=1\nRestartForceExitStatus=",
              "RestartForceExitStatus=SIGPIPE 300", "RestartForceExitStatus=300", "ExitType=cgroup", "ExitType=main",
              "RuntimeMaxSec=1", "Restart=always\nRestart=", "Restart=always\nRestart=bogus")  # fmt: skip
    for number, (type_, line) in enumerate(product(TYPES, forced)):
        yield (
            f"zf{number}.service",
            _service(type_ and f"Type={type_}", f"ExecStart={TRUE}", f"BusName=a.f{number}", line),
        )
    names = ("a.N", "", "a", "a..b", "1.2", "a.N\nBusName=", "a.N\nBusName=x", "%F.a", ":1.N")
    for number, (type_, name) in enumerate(product(("", "dbus", "simple"), names)):
        yield (
            f"zb{number}.service",
            _service(type_ and f"Type={type_}", f"ExecStart={TRUE}", f"BusName={name.replace('N', f'b{number}')}"),
        )


def _values() -> Iterator[tuple[str, str]]:
    own = {"Service": f"ExecStart={TRUE}", "Socket": "ListenStream=/run/x", "Mount": "What=x", "Swap": ""}
    number = 0
    for key, values in VALUES.items():
        for section, value in product(own, values):
            number += 1
            if key == "ExecStart" and section in ("Mount", "Swap"):
                continue
            said = "ExecStartPre" if key == "ExecStart" and section == "Socket" else key
            before = "" if key == "ExecStart" and section == "Service" else own[section]
            stem = f"zv{number}@" if section in ("Service", "Socket") and number % 2 else f"zv{number}"
            yield f"{stem}.{section.lower()}", f"[{section}]\n{before}\n{said}={value}\n"
    for key, value in product(("SocketUser", "SocketGroup"), VALUES["User"]):
        number += 1
        yield f"zv{number}.socket", f"[Socket]\nListenStream=/run/x\n{key}={value}\n"
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0189_-é":
        number += 1
        yield f"zv{number}.service", _service(f"ExecStart={TRUE} a%{letter}b")
    for key in ("ExecStartPre", "ExecStartPost", "ExecReload", "ExecStop", "ExecStopPost", "ExecCondition"):
        for value in ("%F", "-%F", "bin/x", "", "/bin/true ; /bin/true"):
            number += 1
            yield f"zv{number}.service", _service(f"ExecStart={TRUE}", f"{key}={value}")


def _contexts() -> Iterator[tuple[str, str]]:
    own = {"service": f"ExecStart={TRUE}", "socket": "ListenStream=/run/x", "mount": "What=x", "swap": ""}
    for kind, mode, pam in product(own, KILL_MODES, ("", "x")):
        name = f"zp{KILL_MODES.index(mode)}{'p' if pam else 'n'}.{kind}"
        lines = (own[kind], mode and f"KillMode={mode}", f"PAMName={pam}")
        yield name, "\n".join((f"[{kind.title()}]", *lines, ""))
    spaces = ("", "PrivateTmp=yes", "ProtectSystem=yes", "ReadOnlyPaths=/srv", "PrivateDevices=yes", "ProtectHome=no",
              "ProtectProc=default", "ProtectControlGroups=yes")  # fmt: skip
    homes = ("~", "-~", "/proc", "/proc/self", "/dev/shm", "/srv")
    for number, (home, dynamic, space) in enumerate(product(homes, ("", "DynamicUser=yes"), spaces)):
        yield f"zw{number}.service", _service(f"ExecStart={TRUE}", f"WorkingDirectory={home}", dynamic, space)
    for type_, value in product(("simple", "forking"), ("yes", "no")):
        yield f"zy{type_}{value}.service", _service(f"Type={type_}", f"ExecStart={TRUE}", f"PrivatePIDs={value}")
    yield "zypid.socket", "[Socket]\nListenStream=/run/x\nPrivatePIDs=yes\n"
    modes = ("isolate", "replace", "", "bogus")
    for number, (key, mode, names) in enumerate(
        product(("OnFailure", "OnSuccess"), modes, ("a.service", "a.service b.service", "a.service a.service", "a x"))
    ):
        unit = f"[Unit]\n{key}={names}\n{key}JobMode={mode}\n"
        yield f"zj{number}.service", unit + _service(f"ExecStart={TRUE}")
    old = "[Unit]\nOnFailure=a.service b.service\nOnFailureIsolate=yes\n"
    yield "zjold.service", old + _service(f"ExecStart={TRUE}")


def _sockets() -> Iterator[tuple[str, str]]:
    more = ("", "Service=zother.service", "Service=zother.target", "MaxConnections=0", "MaxConnections=1",
            "Symlinks=/run/link", "Symlinks=link", "ListenStream=/run/second\nSymlinks=/run/link")  # fmt: skip
    for number, (listen, accept, line) in enumerate(product(LISTENS, ("", "Accept=yes", "Accept=perhaps"), more)):
        yield f"zk{number}.socket", f"[Socket]\n{listen}\n{accept}\n{line}\n"


def _rest() -> Iterator[tuple[str, str]]:
    times = ("", "OnCalendar=daily", "OnCalendar=nonsense", "OnBootSec=1", "OnBootSec=x", "OnClockChange=yes",
             "OnTimezoneChange=no", "OnCalendar=daily\nOnBootSec=", "OnActiveSec=0", "Persistent=yes",
             "OnUnitActiveSec=1h", "OnCalendar=%F", "OnCalendar=daily\nOnCalendar=nonsense")  # fmt: skip
    for number, line in enumerate(times):
        yield f"zt{number}.timer", f"[Timer]\n{line}\n"
    watches = ("", "PathExists=/x", "PathExists=x", "PathChanged=/x\nPathExists=", "PathExistsGlob=/x/*",
               "DirectoryNotEmpty=%F", "PathModified=/x/../y", "MakeDirectory=yes", "PathChanged=%h/x")  # fmt: skip
    for number, line in enumerate(watches):
        yield f"zq{number}.path", f"[Path]\n{line}\n"
    places = (
        ("zm1", "/zm1", "x"), ("zm2", "/zother", "x"), ("zm3", "", "x"), ("zm4", "/zm4", ""), ("zm5", "/zm5/", "x"),
        ("zm6-a", "/zm6/a", "x"), ("zm7-a", "/zm7-a", "x"), ("zm8\\x2da", "/zm8-a", "x"), ("zm9", "zm9", "x"),
        ("run", "/run", "x"), ("proc", "/proc", "x"), ("sys-fs-cgroup-x", "/sys/fs/cgroup/x", "x"),
        ("run-host-x", "/run/host/x", "x"), ("dev-console", "/dev/console", "x"), ("zm10", "/zm10/../zm10", "x"),
        ("zm11", "%F", "x"), ("zm12", "/zm12", "%F"), ("zm13", "/zm%%13", "x"), ("tmp-x", "/tmp/x", "x"),
        ("zm14", "/%N", "x"), ("run-credentials-x", "/run/credentials/x", "x"), ("zm--15", "", "x"),
    )  # fmt: skip
    for name, where, what in places:
        lines = (f"Where={where}" if where else "", f"What={what}" if what else "", "")
        yield f"{name}.mount", "\n".join(("[Mount]", *lines))
        yield f"{name}.automount", "\n".join(("[Automount]", lines[0], ""))
    yield "-.automount", "[Automount]\nWhere=/\n"
    for number, options in enumerate(("", "x", "fd=1", "a,direct", "indirect", "direct=1", "xdirect", "pgrp=2,b")):
        yield f"ze{number}.automount", f"[Automount]\nWhere=/ze{number}\nExtraOptions={options}\n"
    swaps = (("zd1", "/zd1"), ("zd2", "/zother"), ("zd3", ""), ("zd4-a", "/zd4/a"), ("zd5", "UUID=x"), ("zd6", "zd6"))
    for name, what in swaps:
        yield f"{name}.swap", f"[Swap]\nWhat={what}\n" if what else "[Swap]\nPriority=1\n"
    for name in ("zl", "zl-a", "zl--b", "zl-", "-zl", "zl-a-b"):
        yield f"{name}.slice", "[Slice]\nCPUWeight=100\n"
    yield "zg.target", "[Unit]\nOnFailure=a.service b.service\nOnFailureJobMode=isolate\n"


def _dropins() -> Iterator[tuple[str, str]]:
    whole = _service(f"ExecStart={TRUE}")
    once = _service("Type=oneshot", f"ExecStart={TRUE}")
    added = (
        f"ExecStart={TRUE}", f"ExecStart=\nExecStart={TRUE}", "ExecStart=", "User=a:b", "User=a:b\nType=oneshot",
        f"User=a:b\nExecStart={TRUE}", "Restart=always", "Type=dbus", f"Type=oneshot\nExecStart={TRUE}", "Type=oneshot",
        "Restart=on-failure\nExecStart=/bin/date +%F\nType=dbus", "RootDirectory=-/x\nType=dbus",
    )  # fmt: skip
    for number, (text, lines) in enumerate(product((whole, once), added)):
        yield f"zc{number}.service", text
        yield f"zc{number}.service.d/10.conf", f"[Service]\n{lines}\n"


def asked(files: Mapping[str, str], folder: Path, command: Sequence[str] = ("systemd-analyze",)) -> set[str]:
    """The units that a real systemd refuses. `folder` as the tool sees it, where `files` have been laid."""
    units = sorted(name for name in files if "/" not in name)
    argv = [*command, "verify", "--man=no", "--", *(f"{folder}/{unit}" for unit in units)]
    env = {"SYSTEMD_COLORS": "0", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
    text = re.sub("\x1b\\[[0-9;]*m", "", done.stderr)
    return {re.sub("@(i|test_instance)[.]", "@.", unit) for unit in _REFUSED.findall(text)}


_REFUSED = re.compile("^Unit (\\S+) (?:has a bad unit file setting|failed to load properly)", re.MULTILINE)


def lay(files: Mapping[str, str], folder: Path) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
