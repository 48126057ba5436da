"""docs/environment.md names every variable and folder of the code, and none that the code does not have."""

from tests.docs import environment
from tests.docs.environment import FOLDERS, IN_A_FILE, named_anywhere, paths_in_code, read_by_code, variables

AT_LEAST = {"QTCTL_REGISTRY", "QTCTL_KEEP", "QTCTL_CACHE", "QTCTL_STATE", "QTCTL_BUS", "NO_COLOR", "CI"}


def test_every_variable_that_the_code_reads_is_on_the_page() -> None:
    read = read_by_code()
    assert set(read) >= AT_LEAST, "they are found in the code"
    assert {name: where for name, where in read.items() if name not in variables()} == {}
    assert named_anywhere() <= set(variables())


def test_every_variable_of_the_page_is_read() -> None:
    assert set(variables()) - IN_A_FILE <= set(read_by_code())


def test_every_folder_of_the_code_is_on_the_page() -> None:
    paths = paths_in_code()
    known = [folder.partition("*")[0] for folder in FOLDERS]
    assert {"/var/lib/qtctl/lab", "/var/cache/qtctl/lab", "/var/lib/qtctl"} <= set(paths)
    assert {path: file for path, file in paths.items() if not path.startswith(tuple(known))} == {}


def test_every_folder_of_qtctl_on_the_page_is_in_the_code() -> None:
    named = [folder.partition("*")[0] for folder in FOLDERS if folder.startswith("/")]
    assert [folder for folder in named if not any(path.startswith(folder) for path in paths_in_code())] == []


def test_what_a_variable_does_is_said() -> None:
    assert environment.variables()["QTCTL_REGISTRY"].startswith("The registry")
    assert all(what.endswith(".") for what in (*variables().values(), *FOLDERS.values()))
