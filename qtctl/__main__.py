"""Entry point. `--version` answers before anything heavy is loaded."""

import gc
import os
import sys


def main() -> None:
    if sys.argv[1:] == ["--version"]:
        from qtctl.version import VERSION  # noqa: PLC0415

        sys.stdout.write(f"qtctl {VERSION}\n")
        return
    _be_quick()
    try:
        from qtctl.cli.early import begin  # noqa: PLC0415

        begin(sys.argv[1:])
        from qtctl.cli.main import run  # noqa: PLC0415

        run()
    except KeyboardInterrupt:  # while the commands were being loaded
        sys.stderr.write("interrupted\n")
        sys.exit(130)


def _be_quick() -> None:
    """What a process that lives for half a second does better without."""
    # Half of all that is allocated at start is modules: looking through them for cycles again and again frees nothing.
    gc.set_threshold(50_000, 20, 100)
    # A thread that waits for a packet gets the interpreter soon after it came, not after 5 ms.
    sys.setswitchinterval(0.0005)
    # Plugins of pydantic are looked for in every distribution that is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")


if __name__ == "__main__":
    main()
