"""Measures in the text format of Prometheus, by its own library."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from qtctl.model.measures import FAMILIES, Family, FamilyKind, Measure

CONTENT_TYPE = CONTENT_TYPE_LATEST


def write_exposition(measures: Iterable[Measure]) -> str:
    """All families in their order; the series of each sorted. Labels are escaped as the format wants it."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Measured(measures))
    return generate_latest(registry).decode()


class _Measured(Collector):
    def __init__(self, measures: Iterable[Measure]) -> None:
        self._rows: defaultdict[str, list[Measure]] = defaultdict(list)
        for each in measures:
            self._rows[each.family].append(each)

    def collect(self) -> Iterator[Metric]:
        for family in FAMILIES:
            rows = self._rows.get(family.name)
            if rows:
                yield _make_metric(family, rows)


def _make_metric(family: Family, rows: Iterable[Measure]) -> Metric:
    make = CounterMetricFamily if family.kind is FamilyKind.COUNTER else GaugeMetricFamily
    metric = make(family.name, family.help, labels=family.labels)
    for each in sorted(rows, key=lambda row: row.labels):
        metric.add_metric(each.labels, each.value)
    return metric
