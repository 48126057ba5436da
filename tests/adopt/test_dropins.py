"""Drop-ins of units that were not adopted: what they add, what they take back, and that both are compared."""

from dataclasses import replace

import pytest

from qtctl.adopt.adopt import Task, draft_registry
from qtctl.adopt.compare import find_differences
from qtctl.adopt.merged_units import Selection, list_levels
from qtctl.errors import InputError
from qtctl.flows.adopt import Adopted, declare_rendered
from qtctl.flows.declare import declare
from tests.adopt.small import HOST, adopt, found, into, rendered, table

KEPT = {
    "several paths in one line": ("x.service", "[Unit]\nRequiresMountsFor=/mnt/data /var/lib/docker\n", None),
    "one path with a space": ("x.service", '[Unit]\nRequiresMountsFor="/mnt/a b" /c\n', None),
    "a list that is emptied": ("x.service", "[Service]\nSystemCallFilter=\n", ["SystemCallFilter"]),
    "a list that is emptied and filled": (
        "x.service", "[Service]\nExecStart=\nExecStart=/bin/x -a\nEnvironment=\nEnvironment=A=1\n",
        ["ExecStart", "Environment"],
    ),
    "capabilities: none at all": ("x.service", "[Service]\nCapabilityBoundingSet=\n", ["CapabilityBoundingSet"]),
    "a scalar that is emptied": ("x.service", "[Service]\nMemoryMax=\nUser=\n", ["MemoryMax", "User"]),
    "one condition empties all": ("x.service", "[Unit]\nConditionHost=\nConditionPathExists=/a\n", ["ConditionHost"]),
    "a timer's schedule": ("x.timer", "[Timer]\nOnCalendar=\nOnBootSec=5min\n", ["OnCalendar"]),
    "a target's conditions": ("x.target", "[Unit]\nConditionHost=a\nAssertPathExists=/a\nAllowIsolate=yes\n", None),
    "a target's times": ("x.target", "[Unit]\nJobTimeoutSec=5min\nStartLimitBurst=3\nAfter=a.service\n", None),
    "what is enabled": ("x.service", "[Install]\nWantedBy=\nWantedBy=a.target\n", ["WantedBy"]),
    "quoted pairs of paths": ("x.service", '[Service]\nBindPaths="/a b":/c "/d:/e"\n', None),
    "two scalars, of which systemd may ignore one": ("x.service", "[Service]\nNUMAMask=0\nNUMAMask=x\n", None),
}  # fmt: skip
"""Unit, drop-in, and what of it is in `resets`."""


@pytest.mark.parametrize("case", KEPT)
def test_a_drop_in_is_rendered_as_it_was(case: str) -> None:
    unit, text, resets = KEPT[case]
    adopted = adopt({f"{unit}.d/a.conf": text})
    (after,) = rendered(adopted).values()
    wanted = {word for line in text.splitlines() for word in line.replace('"', " ").split()}
    assert wanted <= {word for line in after.splitlines() for word in line.replace('"', " ").split()} | PARTED
    assert table(adopted, f"dropins.toml#{unit.replace('.', '-')}").get("resets") == resets
    assert adopted.adoption.differences == ()


PARTED = {"RequiresMountsFor=/mnt/data", "/var/lib/docker", "/c", "RequiresMountsFor="}
"""Words that stand on lines of their own: `RequiresMountsFor=/c`."""


def test_paths_of_one_line_do_not_become_one_path() -> None:
    adopted = adopt({"x.service.d/a.conf": '[Unit]\nRequiresMountsFor=/mnt/data "/mnt/a b"\n'})
    (after,) = rendered(adopted).values()
    assert after.endswith('[Unit]\nRequiresMountsFor=/mnt/data\nRequiresMountsFor="/mnt/a b"\n')


LOST = {
    "a reset": ("SystemCallFilter=\n", "", "SystemCallFilter"),
    "a reset, and not what follows": ("ExecStart=\n", "", "ExecStart"),
    "hardening": ("ProtectSystem=strict\n", "", "ProtectSystem"),
    "one of two paths": ("ReadWritePaths=/a\n", "", "ReadWritePaths"),
    "a value": ("MemoryMax=1G\n", "MemoryMax=2G\n", "MemoryMax"),
}


@pytest.mark.parametrize("case", LOST)
def test_what_a_rendered_drop_in_lacks_is_a_difference(case: str) -> None:
    """The comparison itself: of a rendered drop-in from which a line is taken it names the directive."""
    text = (
        "[Service]\nSystemCallFilter=\nExecStart=\nExecStart=/bin/x\nProtectSystem=strict\nReadWritePaths=/a /b\n"
        "MemoryMax=1G\n"
    )
    task = Task(found({"x.service.d/a.conf": text}), Selection(252), "shop", into().host)
    drafted = draft_registry(task)
    (file,) = declare_rendered(drafted.texts, into()).files
    rendered_text = file.content.decode()
    line, instead, directive = LOST[case]
    assert rendered_text.count(line) == 1
    (made,) = drafted.units
    assert list(find_differences(made, rendered_text)) == []
    (difference,) = find_differences(made, rendered_text.replace(line, instead))
    assert (difference.unit, difference.directive, difference.because) == ("x.service", directive, "")


BAD = {
    "a name that is near": ('resets = ["Enviroment"]', "did you mean Environment=?"),
    "another kind's": ('resets = ["OnCalendar"]', "which systemd does not know in x.service"),
    "what cannot be emptied": ('resets = ["After"]', "systemd does not reset by an empty assignment"),
    "no name of a directive": ('resets = ["Unit.After"]', "the name of a directive"),
}


def refusal(adopted: Adopted, path: str, text: str, instead: str) -> str:
    """What loading says of the registry with one text of it replaced."""
    files = {name: content for name, content in adopted.files.items() if name.endswith(".toml")}
    assert files[path].count(text.encode()) == 1
    files[path] = files[path].replace(text.encode(), instead.encode())
    with pytest.raises(InputError) as caught:
        declare(files, into().templates, HOST, None)
    return f"{caught.value} ({caught.value.hint})"


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_reset_is_an_error(case: str) -> None:
    line, told = BAD[case]
    adopted = adopt({"x.service.d/a.conf": "[Service]\nNice=5\n"})
    assert told in refusal(adopted, "dropins.toml", 'unit = "x.service"', f'unit = "x.service"\n{line}')


def test_the_hatch_takes_what_no_key_can_say_and_nothing_else() -> None:
    adopted = adopt({"x.service": "[Service]\nExecStart=/bin/x\nUser='odd'\nNice=5\n"})
    service = table(adopted, "services/x.toml")
    assert service["systemd"] == {"Service": {"User": "'odd'"}}
    told = refusal(adopted, "services/x.toml", "[systemd.Service]", '[systemd.Service]\nGroup = "shop"')
    assert "has a key of its own: group" in told
    assert adopted.adoption.differences == ()


REPEATED = {
    "ExecSearchPath=/a\nExecSearchPath=/b:/c\n": ["ExecSearchPath=/a", "ExecSearchPath=/b:/c"],
    "Delegate=cpu\nDelegate=io\n": ["Delegate=cpu", "Delegate=io"],
    "Delegate=\n": ["Delegate="],
    'BindPaths="/a b":/c "/d:/e"\n': ['BindPaths="/a b":/c', 'BindPaths="/d:/e"'],
    "SyslogIdentifier=two  words\n": ["SyslogIdentifier=two  words"],
    "SupplementaryGroups=adm\nSupplementaryGroups=\nSupplementaryGroups=sys\n": ["SupplementaryGroups=sys"],
    "LogNamespace=a\nLogNamespace=b\n": ["LogNamespace=b"],
}


@pytest.mark.parametrize("lines", REPEATED)
def test_repeated_and_unusual_lines(lines: str) -> None:
    adopted = adopt({"x.service": f"[Service]\nExecStart=/bin/x\n{lines}"})
    key = lines.partition("=")[0]
    after = rendered(adopted)["x.service"].splitlines()
    assert [line for line in after if line.startswith(f"{key}=")] == REPEATED[lines]
    assert adopted.adoption.differences == ()


def test_repeated_lines_of_a_socket() -> None:
    lines = ["SocketMode=02755", "ExecStopPre=/bin/a", "ExecStopPre=/bin/b c"]
    adopted = adopt({"x.socket": "[Socket]\nListenStream=/run/x\n" + "\n".join(lines) + "\n",
                     "x.service": "[Service]\nExecStart=/bin/x\n"})  # fmt: skip
    assert set(lines) <= set(rendered(adopted)["x.socket"].splitlines())
    assert table(adopted, "sockets.toml#x")["socket_mode"] == "02755"
    assert adopted.adoption.differences == ()


MOUNTS = {
    "[Mount]\nWhat=/dev/x\n": ("Description=/srv/a", "What=/dev/x"),
    "[Mount]\nWhat=/dev/x\nWhat=/dev/y\nTimeoutSec=5\nTimeoutSec=\n": ("What=/dev/y", "TimeoutSec=5"),
}


@pytest.mark.parametrize("text", MOUNTS)
def test_a_mount_without_a_path(text: str) -> None:
    adopted = adopt({"srv-a.mount": text})
    assert set(MOUNTS[text]) <= set(rendered(adopted)["srv-a.mount"].splitlines())
    assert adopted.adoption.differences == ()


def test_a_slice_whose_limit_of_tasks_is_emptied() -> None:
    """Not the same as a slice without one: systemd then sets the limit that services have."""
    adopted = adopt({"x.slice": "[Slice]\nTasksMax=5\nTasksMax=\n"})
    assert "TasksMax=\n" in rendered(adopted)["x.slice"]
    assert adopted.adoption.differences == ()


def test_a_secret_of_a_drop_in_is_left_and_what_it_empties_is_not() -> None:
    adopted = adopt({"x.service.d/a.conf": "[Service]\nSetCredential=\nSetCredential=a:hunter2-hunter2\n"})
    (after,) = rendered(adopted).values()
    assert "SetCredential=\n" in after
    assert "hunter2" not in after
    assert [each.because for each in adopted.adoption.differences] == ["a secret was left where it was"]


def test_the_order_of_one_units_drop_ins_decides() -> None:
    adopted = adopt({
        "x.service.d/10.conf": "[Service]\nMemoryMax=1G\nEnvironment=A=1\n",
        "x.service.d/20.conf": "[Service]\nMemoryMax=\nEnvironment=B=2\n",
    })  # fmt: skip
    assert table(adopted, "dropins.toml#x-service")["resets"] == ["MemoryMax"]
    assert table(adopted, "dropins.toml#x-service")["unit_env"] == {"A": "1", "B": "2"}
    assert adopted.adoption.differences == ()


def test_nothing_is_compared_with_itself() -> None:
    """A unit of the same text is the same; a different one is not: the comparison can fail."""
    drafted = draft_registry(
        Task(found({"x.service.d/a.conf": "[Service]\nNice=5\n"}), Selection(252), "shop", into().host)
    )
    (made,) = drafted.units
    assert list(find_differences(made, "[Service]\nNice=5\n")) == []
    assert [each.directive for each in find_differences(replace(made), "[Service]\nNice=6\n")] == ["Nice"]


def test_a_unit_that_is_its_own_prefix_has_each_drop_in_once() -> None:
    assert list_levels("user-.slice") == ("user-.slice", "slice")
    assert list_levels("a-b@c.service") == ("a-b@c.service", "a-b@.service", "a-.service", "service")
