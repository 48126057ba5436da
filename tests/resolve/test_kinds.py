"""Each further kind of unit, and what services have beyond their keys, the whole way: TOML → unit files."""

import pytest

from qtctl.adapters.files import read_templates
from qtctl.errors import InputError
from qtctl.flows.declare import declare
from qtctl.model.desired import Desired
from tests.builders.registry import SMALL

UNITS = "/etc/systemd/system/"
OWN = 'summary = "Own"\nstate = "running"\nrun = { kind = "command", argv = ["/usr/bin/own", "%i"] }\n'
ON_DEMAND = OWN.replace("running", "on-demand")

MADE: tuple[tuple[str, dict[str, str], str, tuple[str, ...]], ...] = (
    ("a template keeps its specifiers", {"services/own.toml": OWN + 'instances = ["1", "2"]\n'},
     "small-own@.service",
     ("EnvironmentFile=/etc/small/own.env", "ExecStart=/usr/bin/own %i", "SyslogIdentifier=small-own@%i")),
    ("a template may take them for text", {"services/own.toml": OWN + 'instances = ["1"]\nspecifiers = false\n'},
     "small-own@.service", ("ExecStart=/usr/bin/own %%i", "SyslogIdentifier=small-own@")),
    ("a service may have them", {"services/own.toml": OWN + "specifiers = true\n"},
     "small-own.service", ("ExecStart=/usr/bin/own %i",)),
    ("a line as systemd reads it",
     {"services/own.toml": 'summary = "Own"\nstate = "running"\n'
      'run = { kind = "exec", lines = ["-/bin/sh -c \\"echo $HOME %n\\""] }\n'},
     "small-own.service", ('ExecStart=-/bin/sh -c "echo $HOME %n"',)),
    ("the hatch", {"services/own.toml": OWN + "[systemd.Service]\nIOSchedulingClas = 2\nX = [1, true]\n"
                   '[systemd.X-Own]\nNote = "kept"\n'},
     "small-own.service", ("IOSchedulingClas=2", "X=1", "X=yes", "[X-Own]", "Note=kept")),
    ("credentials", {"services/own.toml": OWN + 'secrets.credentials.token = "/etc/own/token"\n'
                     'secrets.encrypted.key = "/etc/own/key"\n'},
     "small-own.service", ("LoadCredential=token:/etc/own/token", "LoadCredentialEncrypted=key:/etc/own/key")),
    ("environment in the unit", {"services/own.toml": OWN + 'unit_env = { A = "50% of \\"b\\"" }\n'},
     "small-own.service", ('Environment="A=50%% of \\"b\\""',)),
    ("no capability at all", {"services/own.toml": OWN + "sandbox.capability_bounding_set = []\n"},
     "small-own.service", ("CapabilityBoundingSet=",)),
    ("a key of the sandbox wins over its profile", {"services/own.toml": OWN + "sandbox.private_tmp = false\n"},
     "small-own.service", ("PrivateTmp=no",)),
    ("a slice by its name", {"services/own.toml": OWN + 'slice = "work"\n',
                             "slices.toml": '[work]\nsummary = "W"\nlimits.memory_max = "1G"\n'},
     "small-own.service", ("Slice=small-work.slice",)),
    ("the slice itself",
     {"slices.toml": '[work]\nsummary = "W"\nlimits = { memory_max = "1G", cpu_quota = "150%" }\n'},
     "small-work.slice", ("[Slice]", "MemoryMax=1G", "CPUQuota=150%")),
    ("a socket",
     {"sockets.toml": '[own]\nsummary = "S"\nlisten = ["datagram 9", "stream /run/own", "datagram 8"]\nbacklog = 5\n',
                  "services/own.toml": ON_DEMAND},
     "small-own.socket", ("ListenDatagram=9", "ListenStream=/run/own", "ListenDatagram=8", "Backlog=5",
                          "WantedBy=sockets.target")),
    ("a socket of another service",
     {"sockets.toml": '[door]\nsummary = "S"\nlisten = ["fifo /run/f"]\nservice = "own"\n',
      "services/own.toml": ON_DEMAND},
     "small-door.socket", ("Service=small-own.service",)),
    ("a path", {"paths.toml": '[own]\nsummary = "P"\npath_exists = ["/srv/in"]\nmake_directory = true\n',
                "services/own.toml": ON_DEMAND},
     "small-own.path", ("PathExists=/srv/in", "MakeDirectory=yes", "WantedBy=paths.target")),
    ("a mount is named after its path",
     {"mounts.toml": '[x]\nsummary = "M"\nwhat = "tmpfs"\nwhere = "/srv/a b"\ntype = "tmpfs"\n'},
     "srv-a\\x20b.mount", ("Where=/srv/a b", "Type=tmpfs")),
    ("an automount", {"automounts.toml": '[x]\nsummary = "M"\nwhere = "/srv/x"\nidle_timeout = "60s"\n'},
     "srv-x.automount", ("Where=/srv/x", "TimeoutIdleSec=60s")),
    ("swap", {"swaps.toml": '[x]\nsummary = "S"\nwhat = "/swapfile"\npriority = 5\n'},
     "swapfile.swap", ("What=/swapfile", "Priority=5", "WantedBy=swap.target")),
    ("a drop-in",
     {"dropins.toml": '[cap]\nunit = "redis-server.service"\nlimits.memory_max = "1G"\norder.before = ["feed"]\n'
                   'restart.start_limit_burst = 3\nunit_env = { A = "b c" }\n'},
     "redis-server.service.d/50-cap.conf",
     ("[Unit]", "Before=small-feed.service", "StartLimitBurst=3", "[Service]", "MemoryMax=1G", 'Environment="A=b c"')),
    ("a timer of an instance", {"services/own.toml": OWN.replace("running", "on-timer") + 'instances = ["1"]\n',
                                "timers.toml": '[own]\nsummary = "T"\nservice = "own@1"\non_calendar = ["daily"]\n'},
     "own.timer", ()),
    ("what enables it", {"services/own.toml": OWN + 'install = { required_by = ["core"], alias = ["mine.service"] }\n'},
     "small-own.service", ("RequiredBy=small-core.target", "Alias=mine.service")),
)  # fmt: skip

REFUSED: tuple[tuple[str, dict[str, str], str], ...] = (
    ("a directive with a key", {"services/own.toml": OWN + '[systemd.Service]\nMemoryMax = "1G"\n'},
     "services/own.toml:5: [Service] MemoryMax= has a key of its own: limits.memory_max"),
    ("a way to listen with a key", {"sockets.toml": '[x]\nsummary = "S"\n[x.systemd.Socket]\nListenFIFO = "/a"\n'},
     "sockets.toml:4: [Socket] ListenFIFO= has a key of its own: listen"),
    ("a way to listen that is none", {"sockets.toml": '[x]\nsummary = "S"\nlisten = ["pigeon /a"]\n'},
     "sockets.toml:3"),
    ("one port of two instances",
     {"services/own.toml": OWN + 'instances = ["1", "2"]\nports.x.listen = "127.0.0.1:1"\n'},
     "services/own.toml:5: ports.x: instances 1 and 2 would both listen on 127.0.0.1:1"),
    ("instances of no template", {"services/own.toml": OWN + 'unit = "own.service"\ninstances = ["1"]\n'},
     "services/own.toml:5: instances, but own.service is not a template"),
    ("a slice that is not declared", {"services/own.toml": OWN + 'slice = "work"\n'},
     "services/own.toml:4: QT102 slice work is not declared"),
    ("a line that systemd drops", {"services/own.toml": 'summary = "Own"\nstate = "running"\n'
                                   "run = { kind = \"exec\", lines = ['/bin/sh \"x'] }\n"},
     "services/own.toml:3: run.lines: unbalanced quotes"),
    ("a drop-in of an own unit", {"dropins.toml": '[x]\nunit = "small-feed.service"\n'},
     "dropins.toml:2: small-feed.service is generated from services"),
    ("a socket of nobody", {"sockets.toml": '[door]\nsummary = "S"\nlisten = ["fifo /run/f"]\nservice = "own"\n'},
     "sockets.toml:4: QT102 service own is not declared"),
    ("secret names and no file", {"services/own.toml": OWN + 'secrets.keys = ["A"]\n'},
     "services/own.toml:4: secrets.keys, and no secrets.env_file"),
    ("an order that leads nowhere", {"paths.toml": '[p]\nsummary = "P"\nservice = "feed"\norder.after = ["nobody"]\n'},
     "paths.toml:4: QT102 nobody is not declared"),
)  # fmt: skip


def made(files: dict[str, str]) -> Desired:
    whole = {name: text.encode() for name, text in {**SMALL, **files}.items()}
    return declare(whole, read_templates(None), "", None).desired


@pytest.mark.parametrize(("files", "unit", "lines"), [case[1:] for case in MADE], ids=[case[0] for case in MADE])
def test_what_is_made(files: dict[str, str], unit: str, lines: tuple[str, ...]) -> None:
    found = {file.path.removeprefix(UNITS): file.content.decode().splitlines() for file in made(files).files}
    if lines:
        at = [found[unit].index(line) for line in lines]
        assert at == sorted(at)


@pytest.mark.parametrize(("files", "what"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_is_refused(files: dict[str, str], what: str) -> None:
    with pytest.raises(InputError) as caught:
        made(files)
    assert what in str(caught.value)


def test_instances_are_services_of_one_file() -> None:
    desired = made({"services/own.toml": OWN + 'instances = ["a", "b"]\n'})
    own = [service for service in desired.services if service.template]
    assert [(each.name, each.unit, each.argv[1], each.loaded) for each in own] == [
        ("own@a", "small-own@a.service", "a", (("/usr/bin/own", "a"),)),
        ("own@b", "small-own@b.service", "b", (("/usr/bin/own", "b"),)),
    ]
    assert [template.unit for template in desired.templates] == ["small-own@.service"]
    assert sum(file.subject == "small-own@.service" for file in desired.files) == 2, "its unit and its env file"


def test_names_of_instances_may_be_ordered_after() -> None:
    files = {
        "services/own.toml": OWN + 'instances = ["a"]\n',
        "targets.toml": SMALL["targets.toml"] + 'order.after = ["own@a"]\n',
    }
    assert next(iter(made(files).targets)).after == ("small-own@a.service",)
