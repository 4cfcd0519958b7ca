"""Metrics in Prometheus' text format, read back by its own parser."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

Labels = frozenset[tuple[str, str]]


class Samples(dict[tuple[str, Labels], float]):
    """Values by name and labels: ``found["name"]``, ``found["name", {"label": "value"}]``; 0 if none."""

    def __getitem__(self, key: str | tuple[str, Mapping[str, str]]) -> float:  # type: ignore[override]
        name, labels = (key, {}) if isinstance(key, str) else key
        return self.get((name, frozenset(labels.items())), 0.0)

    def total(self, name: str) -> float:
        """The sum over all labels."""
        return sum(value for (each, _), value in self.items() if each == name)


def parse(text: str) -> Samples:
    return Samples(
        ((sample.name, frozenset(sample.labels.items())), sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    )
