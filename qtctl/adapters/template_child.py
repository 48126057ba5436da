"""The process in which a user's own templates are filled: python -I -c …, with nothing that it could harm.

It reads one pickle from its parent, and writes one line of JSON for each filling as soon as it is done: {"text"};
{"what", "hint", "field", "file", "line"} for an error; or, as the last, {"spent": "memory" | "cpu" | "text", "file",
"line"}.
"""

import json
import os
import pickle
import resource
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import FrameType

from qtctl.adapters.template_limits import MEMORY_EXIT, TEXT_MAX, WHAT_MAX
from qtctl.errors import BrokenTemplate, InputError, Place
from qtctl.render.filling import Filling
from qtctl.render.templates import Templates

NOBODY = 65534
_GRACE_S = 2
"""CPU time for reporting where the template was."""

_LOADING = (
    "{{ 'a\\n' | pprint | wordwrap | escape | striptags }}{{ lipsum(1) }}",
    "{{ 1 / 0 }}",
    "{{ x }}",
    "{% if %}",
)


class OutOfTime(Exception):
    """Raised in the middle of a template."""


def main(memory: int, cpu: int) -> None:
    texts, fillings = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the parent
    _load_all()
    confine(memory, cpu)
    try:
        _fill_all(texts, fillings)
    except MemoryError:
        os._exit(MEMORY_EXIT)


def _fill_all(texts: Mapping[str, str], fillings: Sequence[Filling]) -> None:
    templates = Templates(texts)
    for filling in fillings:
        answer = _fill(templates, filling)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
        if "spent" in answer:
            break


def _load_all() -> None:
    """Whatever jinja2 loads on first use: no file can be opened later."""
    for text in _LOADING:
        with suppress(InputError):
            Templates({"x": text}).fill(Filling("x", "x", {}))


def confine(memory: int, cpu: int) -> None:
    """Give up everything that filling a template does not need, irrevocably. `memory` in bytes, `cpu` in seconds."""
    if os.geteuid() == 0:
        with suppress(OSError):  # a container may lack the right: the other limits hold
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
    signal.signal(signal.SIGXCPU, _exit_out_of_time)
    _set_limit(resource.RLIMIT_CPU, cpu, cpu + _GRACE_S)
    _set_limit(resource.RLIMIT_AS, memory, memory)
    for nothing in (resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC, resource.RLIMIT_CORE):
        _set_limit(nothing, 0, 0)
    _set_limit(resource.RLIMIT_NOFILE, 3, 3)


def _set_limit(which: int, soft: int, hard: int) -> None:
    _, most = resource.getrlimit(which)
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    resource.setrlimit(which, (soft, hard))


def _exit_out_of_time(_signal: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    raise OutOfTime


def _fill(templates: Templates, filling: Filling) -> Mapping[str, object]:
    try:
        text = templates.fill(filling)
    except InputError as error:
        said = {"what": error.what, "hint": error.hint, "field": error.field}
        return {
            **{key: text[:WHAT_MAX] for key, text in said.items()},
            "broken": isinstance(error, BrokenTemplate),
            **_describe_place(error.place),
        }
    except MemoryError as error:
        return {"spent": "memory", **_describe_place(templates.place(error, filling.template))}
    except OutOfTime as error:
        return {"spent": "cpu", **_describe_place(templates.place(error, filling.template))}
    except Exception as error:  # noqa: BLE001 - whatever jinja2 and Python make of a stranger's template
        what = f"{type(error).__name__}: {error}"[:WHAT_MAX]
        place = _describe_place(templates.place(error, filling.template))
        return {"what": what, "hint": "", "broken": True, **place}
    return {"text": text} if len(text) <= TEXT_MAX else {"spent": "text", **_describe_place(Place(filling.template))}


def _describe_place(place: Place | None) -> Mapping[str, object]:
    return {"file": place.file, "line": place.line} if place else {"file": None, "line": None}
