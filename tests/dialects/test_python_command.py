"""What command lines make Python run."""

import pytest

from qtctl.dialects.python_command import PythonCommand, read_python_command

V = "/opt/v/bin"
CASES = {
    f"{V}/python -m trading.feed --verbose": PythonCommand(module="trading.feed"),
    f"{V}/python3.11 -u -W ignore -X dev /srv/app/main.py -m x": PythonCommand("/srv/app/main.py", flags="u"),
    f"{V}/python3 -Wignore -um trading.feed": PythonCommand(module="trading.feed", flags="u"),
    f"{V}/python3 -mtrading.feed": PythonCommand(module="trading.feed"),
    f"{V}/python -IE main.py": PythonCommand("main.py", flags="IE"),
    f"{V}/python -c pass main.py": PythonCommand(),
    f"{V}/python -": PythonCommand(),
    f"{V}/python": PythonCommand(),
    f"{V}/python --check-hash-based-pycs never main.py": PythonCommand("main.py"),
    f"{V}/python -m uvicorn --host :: --port 80 a.b:app": PythonCommand(module="uvicorn", app="a.b"),
    f"{V}/python -m uvicorn a:app --app-dir src": PythonCommand(module="uvicorn", app="a", folders=("src",)),
    f"{V}/gunicorn -b 127.0.0.1:8001 -k uvicorn.workers.UvicornWorker --chdir=/srv a.b:create()": PythonCommand(
        app="a.b", folders=("/srv",)
    ),
    f"{V}/gunicorn -b unix:/run/x.sock wsgi": PythonCommand(),
    "/usr/bin/node server.js": None,
    "/usr/bin/pythonista x.py": None,
    "": None,
}


@pytest.mark.parametrize("line", CASES)
def test_it_is_taken_apart_as_the_interpreter_does(line: str) -> None:
    assert read_python_command(line.split()) == CASES[line]


def test_what_is_searched_beside_the_packages() -> None:
    lines = ("-m a", "-I -m a", "-P -m a", "-I -m uvicorn a:b")
    found = [command for line in lines if (command := read_python_command(["python", *line.split()]))]
    assert [each.searches_start_folder for each in found] == [True, False, False, True]
    assert [each.reads_environment for each in found] == [True, False, True, False]
