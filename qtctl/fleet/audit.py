"""Audit many hosts of one registry on an engine, a bounded number at a time. None of them affects another."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from itertools import groupby

from qtctl.engines.child_process import WorkerEnded
from qtctl.engines.connect import read_password
from qtctl.engines.sharing import share
from qtctl.engines.worker import BUG, HOST_S
from qtctl.errors import QtctlError
from qtctl.fleet.basis import Basis, provide
from qtctl.fleet.examine import Examination, HostResult, Judging, examine, report_lost
from qtctl.fleet.prepare import prepare
from qtctl.model.placement import includes_host
from qtctl.model.registry import Registry
from qtctl.model.secret import Secret
from qtctl.resolve.alike import find_alike
from qtctl.resolve.resolve import stands_in

Work = Callable[[Examination], HostResult]


def plan_examinations(
    basis: Basis,
    targets: Sequence[str],
    judging: Judging,
    *,
    user: str | None = None,
    become: bool = False,
    deadline_s: float = HOST_S,
) -> tuple[Examination, ...]:
    """What each worker is given, in the order of the targets. InputError for a target that stands for no host."""
    alike = find_alike(basis.registry)
    hosts = [stands_in(basis.registry, target) for target in targets]
    return tuple(
        Examination(number, target, host, alike.get(host, host), basis.digest, judging, user, become, deadline_s)
        for number, (target, host) in enumerate(zip(targets, hosts, strict=True))
    )


def read_passwords(registry: Registry, hosts: Iterable[str]) -> tuple[Secret, ...]:
    """The passwords of the stores of these hosts, which no output may show. InputError if a variable is not set."""
    named = set(hosts)
    return tuple(
        read_password(store.password_env, name)
        for name, store in sorted(registry.stores.items())
        if store.password_env and any(includes_host(registry, store.hosts, host) for host in named)
    )


def examine_hosts(
    engine: Executor, basis: Basis, tasks: Sequence[Examination], *, ahead: int, work: Work = examine
) -> Iterator[HostResult]:
    """Yield each host's result as soon as it is there. Memory is for hosts that are being examined, not for all.

    `ahead`: how many hosts are with the engine at the same time. `work`: what a worker does with each. InputErrors as
    in `examine`.
    """
    share(engine, provide, basis)
    waiting = _prepare_in_turn(engine, tasks)
    pending: dict[Future[HostResult], Examination] = {}
    while True:
        while len(pending) < ahead and (task := next(waiting, None)) is not None:
            pending[engine.submit(work, task)] = task
        if not pending:
            return
        for future in wait(pending, return_when=FIRST_COMPLETED).done:
            task = pending.pop(future)
            result = _take_result(future)
            if isinstance(result, HostResult):
                yield result
            else:
                why, hint = result
                yield engine.submit(report_lost, task, why, hint).result()


def _prepare_in_turn(engine: Executor, tasks: Sequence[Examination]) -> Iterator[Examination]:
    """The hosts that are alike one after the other. What they have in common is made before the first of them."""
    order = {like: number for number, like in enumerate(dict.fromkeys(task.like for task in tasks))}
    for like, those in groupby(sorted(tasks, key=lambda task: order[task.like]), key=lambda task: task.like):
        first, *others = those
        if others:
            share(engine, prepare, first.basis, like)
        yield from (first, *others)


def _take_result(future: "Future[HostResult]") -> HostResult | tuple[str, str]:
    """The result, or why there is none, with a hint."""
    try:
        return future.result()
    except QtctlError:
        raise
    except TimeoutError:
        return "it did not end in time", ""
    except WorkerEnded as error:
        return f"internal error: {type(error).__name__}: {error}", BUG
    except Exception as error:  # noqa: BLE001 - only this host is lost, and its result gives the reason
        return f"internal error: {type(error).__name__}: {error}", BUG
