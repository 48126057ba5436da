"""Import what a service starts with. It runs on hosts, by the interpreter and as the user of the service.

Arguments: FOLDER... `--` KIND PATH...: the folders that Python searches first; then a script, or modules as paths.
It prints the kind of an error, where it was raised, and which module is missing, but nothing that the error says: that
may hold a value of the environment.
"""

import importlib
import importlib.util
import os
import re
import runpy
import sys
import traceback

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,100}")


def import_entry(kind: str, path: str) -> None:
    if kind == "script":
        sys.path.insert(0, path.rpartition("/")[0] or "/")
        runpy.run_path(path, run_name="__qtctl__")
    elif kind == "module":
        module = path.replace("/", ".")
        spec = importlib.util.find_spec(module)
        if spec is None:
            raise ModuleNotFoundError(name=module)
        importlib.import_module(module + ".__main__" if spec.submodule_search_locations is not None else module)
    else:
        importlib.import_module(path.replace("/", "."))


def describe(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = " at " + frames[-1].filename + ":" + str(frames[-1].lineno) if frames else ""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        where = " at " + error.filename + ":" + str(error.lineno)
    name = getattr(error, "name", None) if isinstance(error, ImportError) else None
    what = ": " + name if isinstance(name, str) and NAME.fullmatch(name) else ""
    return type(error).__name__ + what + where


def main(words: "list[str]") -> None:
    at = words.index("--")
    sys.path[:0] = words[:at]
    wanted = words[at + 1 :]
    sys.argv = ["qtctl-import"]
    for kind, path in zip(wanted[::2], wanted[1::2]):  # noqa: B905 - Python 3.9
        try:
            import_entry(kind, path)
        except SystemExit as error:
            if error.code not in (None, 0):
                raise
        except BaseException as error:  # noqa: BLE001 - whatever it raises
            sys.stderr.write("\nqtctl-import " + describe(error) + "\n")
            sys.stderr.flush()
            os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
