"""python -m tests.fuzz.guided TARGET CORPUS SECONDS: one target under atheris, whose process this must be.

An input that breaks a law is kept as a case, and the search goes on.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["qtctl", "tomllib"]):
    from tests.fuzz.targets import TARGETS

from tests.fuzz.search import HANGS_AFTER_S, keep, seed_corpus
from tests.fuzz.target import CASES, MAX_INPUT


def main() -> None:
    name, corpus, seconds = sys.argv[1:]
    target, folder = TARGETS[name], Path(corpus)
    words = seed_corpus(target, folder)
    (CASES / name).mkdir(parents=True, exist_ok=True)
    known: set[str] = set()

    def one(data: bytes) -> None:
        try:
            target.run(data)
        except Exception as error:  # noqa: BLE001 - whatever comes out is what is looked for
            found = keep(target, data, error)
            if found.path.name not in known:
                known.add(found.path.name)
                sys.stderr.write(f"{name}: {found.path.name}: {found.why}\n")

    options = [
        f"-max_total_time={seconds}",
        f"-max_len={MAX_INPUT}",
        f"-timeout={HANGS_AFTER_S}",
        f"-dict={words}",
        f"-artifact_prefix={CASES / name}/",
        "-rss_limit_mb=4096",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    atheris.Setup([sys.argv[0], *options, str(folder)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
