"""Audit many hosts of one registry on an engine, a bounded number at a time. None of them affects another."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from functools import partial
from itertools import groupby

from qtctl.adapters.background_thread import BackgroundThread
from qtctl.engines.child_process import EngineLost
from qtctl.engines.connect import read_password
from qtctl.engines.sharing import share
from qtctl.engines.worker import BUG, HOST_S
from qtctl.errors import QtctlError
from qtctl.fleet.basis import Basis, provide
from qtctl.fleet.examine import Examination, HostResult, Judging, examine, report_lost
from qtctl.fleet.prepare import prepare
from qtctl.meaning.alike_hosts import find_alike
from qtctl.model.placement import includes_host
from qtctl.model.registry import Registry
from qtctl.model.secret import Secret
from qtctl.reports.common_parts import CommonParts
from qtctl.resolve.resolve import stands_in

POLL_S = 0.1
Work = Callable[[Examination], HostResult]


def plan_examinations(
    basis: Basis,
    targets: Sequence[str],
    judging: Judging,
    *,
    user: str | None = None,
    become: bool = False,
    deadline_s: float = HOST_S,
    as_name: str | None = None,
) -> tuple[Examination, ...]:
    """What each worker is given, in the order of the targets. InputError for a target that stands for no host.

    `as_name`: of a single target, the host that it stands in for.
    """
    alike = find_alike(basis.registry)
    hosts = [stands_in(basis.registry, target, as_name) for target in targets]
    return tuple(
        Examination(number, target, host, alike.get(host, host), basis.digest, judging, user, become, deadline_s)
        for number, (target, host) in enumerate(zip(targets, hosts, strict=True))
    )


def read_passwords(registry: Registry, hosts: Iterable[str]) -> tuple[Secret, ...]:
    """The passwords of the stores of these hosts, which no output may show. InputError if a variable is not set."""
    return tuple(read_password(variable, name) for name, variable in list_password_variables(registry, hosts).items())


def list_password_variables(registry: Registry, hosts: Iterable[str]) -> dict[str, str]:
    """Store → the environment variable with its password, of the stores of these hosts that have one."""
    named = set(hosts)
    return {
        name: store.password_env
        for name, store in sorted(registry.stores.items())
        if store.password_env and any(includes_host(registry, store.hosts, host) for host in named)
    }


def examine_hosts(
    engine: Executor,
    basis: Basis,
    tasks: Sequence[Examination],
    *,
    ahead: int,
    work: Work = examine,
    stopped: Callable[[], bool] = lambda: False,
    reporter: Executor | None = None,
) -> Iterator[HostResult]:
    """Yield each host's result as soon as it is there. Memory is for hosts that are being examined, not for all.

    `ahead`: how many hosts are with the engine at the same time. `work`: what a worker does with each. `stopped` is
    asked ten times a second: once it says so, this ends, and hosts that have no result get none. `reporter`: reports
    the hosts whose workers ended without a result; by default the engine does. InputErrors as in `examine`.
    """
    if reporter is not None:
        share(reporter, provide, basis)
    queue = _list_in_turn(engine, basis, tasks)
    common = CommonParts()
    pending: dict[Future[HostResult], Examination] = {}
    lost: set[int] = set()
    while not stopped():
        ready = _submit(engine, work, queue, pending, ahead)
        if not pending and ready:
            return
        done, _ = wait(pending, POLL_S if ready else 0, FIRST_COMPLETED)
        for future in done:
            task = pending.pop(future)
            result = _take_result(future, again=task.number not in lost)
            if isinstance(result, HostResult):
                common.share(result.report)
                yield result
            elif not stopped():
                lost.add(task.number)
                pending[(reporter or engine).submit(report_lost, task, *result)] = task


def _submit(
    engine: Executor,
    work: Work,
    queue: "Iterator[Examination | None]",
    pending: "dict[Future[HostResult], Examination]",
    ahead: int,
) -> bool:
    """Fill up `pending`. False if the next hosts are still being prepared."""
    while len(pending) < ahead:
        try:
            task = next(queue)
        except StopIteration:
            return True
        if task is None:
            return False
        pending[engine.submit(work, task)] = task
    return True


def _list_in_turn(engine: Executor, basis: Basis, tasks: Sequence[Examination]) -> "Iterator[Examination | None]":
    """The hosts that are alike one after the other. What they have in common is made before the first of them.

    None for each moment in which it is still being made.
    """
    yield from _await_shared(partial(share, engine, provide, basis))
    order = {like: number for number, like in enumerate(dict.fromkeys(task.like for task in tasks))}
    for like, those in groupby(sorted(tasks, key=lambda task: order[task.like]), key=lambda task: task.like):
        first, *others = those
        if others:
            yield from _await_shared(partial(share, engine, prepare, basis.digest, like))
        yield from (first, *others)


def _await_shared(work: Callable[[], None]) -> Iterator[None]:
    thread = BackgroundThread(work)
    while True:
        try:
            thread.result(POLL_S)
        except TimeoutError:
            yield None
        else:
            return


def _take_result(future: "Future[HostResult]", *, again: bool) -> HostResult | tuple[str, str]:
    """The result, or why there is none, with a hint. `again`: whether another worker can still report the host."""
    try:
        return future.result()
    except QtctlError:
        raise
    except BaseException as error:
        if not again or not isinstance(error, Exception):
            raise
        return _explain_lost(error)


def _explain_lost(error: Exception) -> tuple[str, str]:
    """Why a host has no result, and what to do about it."""
    if isinstance(error, EngineLost):
        return str(error), "see that the cluster runs, and audit these hosts again"
    if isinstance(error, TimeoutError):
        return "its worker did not end in time", ""
    return f"internal error: {type(error).__name__}: {error}", BUG
