"""Entry point. `--version` answers before anything heavy is loaded."""

import sys


def main() -> None:
    if sys.argv[1:] == ["--version"]:
        from qtctl.version import VERSION  # noqa: PLC0415

        sys.stdout.write(f"qtctl {VERSION}\n")
        return
    from qtctl.cli.main import run  # noqa: PLC0415

    run()


if __name__ == "__main__":
    main()
