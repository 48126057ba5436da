"""Entry point. `--version` answers before anything heavy is loaded."""

import gc
import os
import sys


def main() -> None:
    if sys.argv[1:] == ["--version"]:
        from qtctl.version import describe_version  # noqa: PLC0415

        sys.stdout.write(f"{describe_version()}\n")
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
