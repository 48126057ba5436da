"""Entry point. `--version` answers before anything heavy is loaded."""

import codecs
import gc
import io
import os
import sys


def main() -> None:
    open_closed_streams()
    _write_utf8()
    if sys.argv[1:] == ["--version"] and _tell_version():
        return
    be_quick()
    from qtctl.cli.interrupt import exit_on_interrupt  # noqa: PLC0415

    exit_on_interrupt()
    from qtctl.cli.early_start import begin  # noqa: PLC0415

    started = begin(sys.argv[1:])
    from qtctl.cli.main import run  # noqa: PLC0415

    try:
        run(started)
    except SystemExit as done:
        _leave(done)


def open_closed_streams() -> None:
    """Lead standard streams that the caller closed (`>&-`) to nowhere: the next open file would have their number."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is not None:
            continue
        opened = os.open(os.devnull, os.O_RDWR)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)
        os.set_inheritable(number, True)
        setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115 - as Python itself opens it


def _write_utf8() -> None:
    """Whatever the locale: as files of --out are. A terminal shows ? for what it cannot show."""
    if not isinstance(sys.stdout, io.TextIOWrapper) or codecs.lookup(sys.stdout.encoding).name == "utf-8":
        return
    if sys.stdout.isatty():
        sys.stdout.reconfigure(errors="replace")
    else:
        sys.stdout.reconfigure(encoding="utf-8")


def _tell_version() -> bool:
    """Whether it could be written. If not, the whole command says why."""
    from qtctl.version import describe_version  # noqa: PLC0415

    try:
        sys.stdout.write(f"{describe_version()}\n")
        sys.stdout.flush()
    except OSError:
        return False
    return True


def _leave(done: SystemExit) -> None:
    """Exit without taking two thousand modules apart first, which takes 40 ms: all that was opened has been closed.

    A thread that still waits for a host would not survive the taking apart, and abort the process.
    """
    if not isinstance(done.code, int):
        raise done
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(done.code)


def be_quick() -> None:
    """What a process that lives for half a second does better without."""
    # Half of all that is allocated at start is modules: looking through them for cycles again and again frees nothing.
    gc.set_threshold(200_000, 20, 100)
    # Plugins of pydantic are looked for in every distribution that is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")


if __name__ == "__main__":
    main()
