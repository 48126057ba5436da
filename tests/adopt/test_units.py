"""One unit at a time: which keys its directives become, and what becomes of the rest."""

import pytest

from qtctl.adopt.adoption import Fate
from qtctl.adopt.exec_start import find_venv, name_venvs, recognize_program, split_literally, write_command
from qtctl.errors import InputError
from tests.adopt.small import adopt, fates, findings, rendered, table

SERVICE = """\
# What it is for.
[Unit]
Description=API
After=network.target db.service

[Service]
# Two are enough.
ExecStart=/srv/venv/bin/python -m shop.api --workers 2
WorkingDirectory=/srv/shop
User=shop
MemoryMax=512M
CPUQuota=150%
Environment=LEVEL=info "NAME=two words"
EnvironmentFile=-/etc/shop/*.env
SystemCallFilter=~@mount @swap
SystemCallFilter=@io-event
BPFProgram=egress:/sys/fs/bpf/x
ProtectSystem=full
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
"""


def test_directives_become_keys_and_lines_stay_lines() -> None:
    adopted = adopt({"a/api.service": SERVICE})
    api = table(adopted, "services/api.toml")
    assert api["summary"] == "API"
    assert api["run"] == {
        "kind": "module", "module": "shop.api", "args": ["--workers", "2"], "code": "/srv/shop", "venv": "srv",
    }  # fmt: skip
    assert table(adopted, "venvs.toml") == {"srv": {"path": "/srv/venv"}}
    assert api["unit_env"] == {"LEVEL": "info", "NAME": "two words"}
    assert api["env_files"] == ["-/etc/shop/*.env"]
    assert api["sandbox"]["system_call_filter"] == ["~@mount @swap", "@io-event"]
    assert api["sandbox"]["protect_system"] == "full"
    assert api["sandbox"]["private_tmp"] is True
    assert api["systemd"] == {"Service": {"BPFProgram": "egress:/sys/fs/bpf/x"}}
    assert api["notes"] == "What it is for.\nExecStart=: Two are enough."
    assert "install" not in api
    assert "specifiers" not in api


def test_every_line_has_a_fate() -> None:
    adopted = adopt({"a/api.service": SERVICE})
    lines = fates(adopted, "a/api.service")
    assert sorted(lines) == list(range(1, SERVICE.count("\n") + 1))
    assert lines[1] is Fate.NOTE
    assert lines[2] is Fate.LAYOUT
    assert lines[17] is Fate.HATCH
    assert {lines[number] for number in (3, 4, 8, 9, 13, 15, 16, 22)} == {Fate.TYPED}
    assert adopted.adoption.differences == ()
    assert adopted.adoption.to_do == ()


IGNORED = {
    "MemoryMax=16G # all of it": "QT110",
    "StartLimitIntervalSec=300": "QT111",
    "Enviroment=A=1": "QT111",
    "RestartSec=5 fortnights": "QT110",
    "Restart=alwys": "QT110",
    "no equals sign": "QT110",
    "Environment=A": "QT110",
    "Type=simpel": "QT110",
}


@pytest.mark.parametrize("line", IGNORED)
def test_what_systemd_ignores_is_left_out_with_its_finding(line: str) -> None:
    adopted = adopt({"x.service": f"[Service]\nExecStart=/bin/true\n{line}\n"})
    assert (IGNORED[line], 3) in findings(adopted)
    key = line.partition("=")[0]
    assert f"{key}=" not in rendered(adopted)["x.service"].replace("Type=simple", "")
    assert [each for each in adopted.adoption.differences if not each.because] == []


KEPT = {
    "Nice=5\nNice=77": ("Nice=5", 4),
    "ProtectSystem=full\nProtectSystem=somewhat": ("ProtectSystem=full", 4),
    "TasksMax=10\nTasksMax=lots": ("TasksMax=10", 4),
    "StandardOutput=null\nStandardOutput=somewhere": ("StandardOutput=null", 4),
    "KillSignal=SIGINT\nKillSignal=": ("KillSignal=SIGINT", 4),
    "Type=exec\nType=simpel": ("Type=exec", 4),
    "Environment=1A=no B=yes": ("Environment=B=yes", 3),
    "ReadWritePaths=relative /abs": ("ReadWritePaths=/abs", 3),
}
"""Lines → what is rendered of them, and the number of the one that is bad."""


@pytest.mark.parametrize("lines", KEPT)
def test_a_bad_assignment_is_as_if_it_were_not_there(lines: str) -> None:
    adopted = adopt({"x.service": f"[Service]\nExecStart=/bin/true\n{lines}\n"})
    line, bad = KEPT[lines]
    key = line.partition("=")[0]
    assert [each for each in rendered(adopted)["x.service"].split("\n") if each.startswith(f"{key}=")] == [line]
    assert ("QT110", bad) in findings(adopted)
    assert fates(adopted, "x.service")[bad] is (Fate.IGNORED if "\n" in lines else Fate.TYPED)
    assert all(each.because for each in adopted.adoption.differences)


def test_what_a_socket_listens_on_keeps_its_order() -> None:
    lines = [
        "ListenDatagram=/run/d",
        "ListenStream=80",
        "ListenFIFO=/run/f",
        "ListenDatagram=81",
        "ListenStream=/run/s",
    ]
    texts = {"x.service": "[Service]\nExecStart=/bin/true\n", "x.socket": "[Socket]\n" + "\n".join(lines) + "\n"}
    adopted = adopt(texts)
    assert table(adopted, "sockets.toml#x")["listen"] == [
        "datagram /run/d", "stream 80", "fifo /run/f", "datagram 81", "stream /run/s",
    ]  # fmt: skip
    assert [line for line in rendered(adopted)["x.socket"].split("\n") if line.startswith("Listen")] == lines
    assert adopted.adoption.differences == ()


PATHS = {
    'RequiresMountsFor="/a b" /c': ["Unit", "manager", "requires_mounts_for", ["/a b", "/c"]],
    "RequiresMountsFor=%t/x": ["Unit", "manager", "requires_mounts_for", ["%t/x"]],
    'StateDirectory="two words" x': ["Service", "directories", "state", ["two words", "x"]],
}


@pytest.mark.parametrize("line", PATHS)
def test_lists_of_paths(line: str) -> None:
    section, part, key, value = PATHS[line]
    adopted = adopt({"x.service": f"[{section}]\n{line}\n[Service]\nExecStart=/bin/true\n"})
    assert table(adopted, "services/x.toml")[str(part)][str(key)] == value
    assert adopted.adoption.differences == ()
    assert findings(adopted) == set()


def test_what_was_ignored_stays_readable() -> None:
    adopted = adopt({"x.service": "[Service]\nExecStart=/bin/true\nMemoryMax=16G # all\nEnviroment=TOKEN=abc\n"})
    notes = table(adopted, "services/x.toml")["notes"]
    assert "MemoryMax=16G # all in [Service]" in notes
    assert "abc" not in adopted.files["services/x.toml"].decode()


def test_a_persistent_timer_without_a_calendar() -> None:
    texts = {"x.service": "[Service]\nExecStart=/bin/true\nType=oneshot\n",
             "x.timer": "[Timer]\nOnBootSec=5min\nPersistent=true\n"}  # fmt: skip
    adopted = adopt(texts)
    assert ("QT112", 3) in findings(adopted)
    assert table(adopted, "timers.toml#x") == {"summary": "x.timer", "state": "on-demand", "service": "x",
                                               "on_boot": "5min", "install": {"wanted_by": []}}  # fmt: skip
    assert table(adopted, "services/x.toml")["state"] == "on-timer"
    assert [(each.directive, bool(each.because)) for each in adopted.adoption.differences] == [("Persistent", True)]


DOORS = {
    "made0.socket": "[Socket]\nListenStream=80\n",
    "made1.socket": "[Socket]\nListenFIFO=/a\nOptions=x\nFileDescriptorName=b\x85\n",
    "made2.socket": "[Socket]\nListenStream=81\n",
    "xmade1.socket": "[Socket]\nListenStream=82\n",
    "made3.socket": "[Socket]\nListenFIFO=/a\nFileDescriptorName=b\x85\n",
    "made0.timer": "[Timer]\nOnBootSec=1\nUnit=x.service\n",
    "made1.timer": "[Timer]\nOnBootSec=1\nUnit=x.service\n",
    "x.service": "[Service]\nExecStart=/bin/true\n",
    "y.service": "[Service]\nExecStart=/bin/true\nPAMName=b\x85\n",
}
"""Values with a control character cannot be rendered."""


def test_only_units_that_are_to_blame_are_left_out() -> None:
    adopted = adopt(DOORS)
    bad = {"made1.socket", "made3.socket", "y.service"}
    assert {each.unit for each in adopted.adoption.units} == DOORS.keys() - bad
    left = [each for each in adopted.adoption.judgments if "was not adopted" in each.what]
    assert {each.subject for each in left} == bad
    assert all(each.id == "QT110" and "not a value on one line" in each.what for each in left)


REFUSED = {
    "nothing.service": "[Service]\nType=simple\n",
    "twice.service": "[Service]\nExecStart=/bin/a\nExecStart=/bin/b\n",
    "open.service": "[Service\nExecStart=/bin/a\n",
    "quote.service": '[Service]\nExecStart=/bin/a "b\n',
    "never.timer": "[Timer]\nAccuracySec=1s\n",
    "deaf.socket": "[Socket]\nAccept=no\n",
    "srv-a.mount": "[Mount]\nWhat=/dev/x\nWhere=/srv/b\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_systemd_would_not_load_is_not_adopted(name: str) -> None:
    adopted = adopt({name: REFUSED[name], "good.service": "[Service]\nExecStart=/bin/true\n"})
    assert [each.unit for each in adopted.adoption.units] == ["good.service"]
    assert any(name in each for each in adopted.adoption.to_do)
    wanted = "QT110" if name == "open.service" else "QT118"
    assert wanted in {each.id for each in adopted.adoption.judgments if each.subject == name}
    with pytest.raises(InputError, match=name):
        adopt({name: REFUSED[name]})


ENCODED = {
    "utf-8-sig": "systemd reads it all the same",
    "utf-16": "systemd does not load the file",
    "cp1252": "systemd does not load the file",
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_encodings(encoding: str) -> None:
    text = "[Unit]\r\nDescription=Größe\r\n[Service]\r\nExecStart=/bin/echo \\\r\n  a\r\n"
    adopted = adopt({"x.service": text.encode(encoding)})
    api = table(adopted, "services/x.toml")
    assert api["summary"] == "Größe"
    assert api["run"]["argv"] == ["/bin/echo", "a"]
    assert any(ENCODED[encoding] in each.what for each in adopted.adoption.judgments)


RUNS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("/opt/v/bin/python -m uvicorn a.b:app --host 127.0.0.1 --port 8001 --reload", "/srv", {"kind": "uvicorn"}),
    ("/opt/v/bin/python -m uvicorn a.b:app --port 8001", "/srv", {"kind": "module", "module": "uvicorn"}),
    ("/usr/bin/python3 /srv/x/main.py -v", "/srv", {"kind": "script", "script": "x/main.py"}),
    ("/usr/bin/python3 /usr/local/bin/a.py", "", {"kind": "script", "script": "a.py", "code": "/usr/local/bin"}),
    ("/opt/v/bin/python main.py", "/srv", {"kind": "command", "venv": "v"}),
    ("/opt/v/bin/gunicorn a:app", "/srv", {"kind": "command"}),
    ("/usr/bin/env a", "", {"kind": "command", "argv": ["/usr/bin/env", "a"], "cwd": ""}),
    ("-/bin/a", "", {"kind": "exec"}),
    ("/bin/a $X", "", {"kind": "exec"}),
    ("/bin/a %i", "", {"kind": "exec"}),
    ("/bin/a ; /bin/b", "", {"kind": "exec"}),
    ("a b", "", {"kind": "exec"}),
)


@pytest.mark.parametrize(("line", "directory", "expected"), RUNS)
def test_commands(line: str, directory: str, expected: dict[str, object]) -> None:
    found = recognize_program((line,), directory, name_venvs([path] if (path := find_venv(line)) else []))
    assert {key: found.run.get(key) for key in expected} == expected


def test_commands_around() -> None:
    assert write_command("-/bin/kill -HUP $MAINPID") == ["-/bin/kill", "-HUP", "$MAINPID"]
    assert write_command("/bin/sh -c 'echo $HOME'") == "/bin/sh -c 'echo $HOME'"
    assert write_command("@/bin/sh sh -c x") == "@/bin/sh sh -c x"
    assert split_literally('/bin/a "b c"') == ("/bin/a", "b c")


def test_a_port_that_two_claim() -> None:
    unit = "[Service]\nWorkingDirectory=/srv\nExecStart=/opt/v/bin/python -m uvicorn {0}:app --host 0.0.0.0 --port 80\n"
    adopted = adopt({f"{name}.service": unit.format(name) for name in ("a", "b")})
    assert table(adopted, "services/a.toml")["ports"] == {"http": {"listen": "0.0.0.0:80"}}
    assert "ports" not in table(adopted, "services/b.toml")
    assert ("QT101", None) in findings(adopted)
    assert adopted.adoption.differences == ()


def test_specifiers_stay_systemds() -> None:
    unit = "[Unit]\nDescription=%i at 100%%\n[Service]\nExecStart=/bin/w %i\nEnvironment=P=50%% I=%i\nUser=%p\n"
    adopted = adopt({"w@.service": unit, "one.service": unit, "half.service": unit.replace("%i", "x")})
    texts = rendered(adopted)
    for name in ("w@.service", "one.service"):
        assert "Description=%i at 100%%\n" in texts[name]
        assert "Environment=P=50%%\n" in texts[name]
        assert "User=%p\n" in texts[name]
    assert "specifiers" not in table(adopted, "services/w@.toml")
    assert table(adopted, "services/one.toml")["specifiers"] is True
    assert adopted.adoption.differences == ()


def test_a_oneshot_without_a_command() -> None:
    adopted = adopt({"x.service": "[Service]\nRemainAfterExit=yes\nExecStop=/bin/echo bye\n"})
    text = rendered(adopted)["x.service"]
    assert "ExecStart=" not in text
    assert "Type=oneshot" in text
    assert adopted.adoption.differences == ()


def test_target_in_place_of_two_directives() -> None:
    service = "[Unit]\nPartOf=shop-all.target\n[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=shop-all.target\n"
    target = "[Unit]\nDescription=All\n[Install]\nWantedBy=multi-user.target\n"
    adopted = adopt({"shop-all.target": target, "shop-a.service": service,
                     "shop-b.service": service.replace("PartOf", "After")})  # fmt: skip
    assert table(adopted, "services/a.toml")["target"] == "all"
    assert "install" not in table(adopted, "services/a.toml")
    assert table(adopted, "services/b.toml")["install"] == {"wanted_by": ["shop-all.target"]}
    assert table(adopted, "fleet.toml")["unit_prefix"] == "shop-"


def test_units_that_are_named_and_not_there() -> None:
    service = "[Unit]\nAfter=shop-gone.service network.target\n[Service]\nExecStart=/bin/true\n"
    adopted = adopt({"shop-a.service": service, "shop-b.service": service})
    assert table(adopted, "externals.toml")["shop-gone.service"]["state"] == "stopped"
    assert ("QT102", None) in findings(adopted)


@pytest.mark.parametrize("calendar", ["%i", "*-*-* %i:00:00", "Mon %I"])
def test_a_timer_whose_instance_says_when_is_adopted(calendar: str) -> None:
    timer = f"[Timer]\nOnCalendar={calendar}\nOnActiveSec=%is\n"
    adopted = adopt({"x@.timer": timer, "x@.service": "[Service]\nExecStart=/x\n"})
    assert not [each.what for each in adopted.adoption.findings]
    lines = rendered(adopted)["x@.timer"].splitlines()
    assert {f"OnCalendar={calendar}", "OnActiveSec=%is", "Unit=x@%i.service"} <= set(lines)


def test_a_timer_that_no_specifier_could_start_is_not_adopted() -> None:
    adopted = adopt({"x.timer": "[Timer]\nOnCalendar=%H\n", "x.service": "[Service]\nExecStart=/x\n"})
    assert "timers.toml" not in adopted.files
