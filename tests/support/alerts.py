"""Alerts of Prometheus, evaluated over scraped samples: as much of its language as our rules use."""

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.support.environment import ROOT

FOLDER = ROOT / "deploy" / "monitoring"

Labels = frozenset[tuple[str, str]]
Samples = Mapping[tuple[str, Labels], float]
Vector = dict[Labels, float]

_AGGREGATED = re.compile(
    r"(?P<how>max|min)(?: by \((?P<by>[\w, ]+)\) )?"
    r"\((?P<function>abs|max_over_time)?\(?(?P<name>\w+)(?:\{(?P<labels>[^}]*)\})?(?:\[\w+\])?\)?\)"
)
_MATCHER = re.compile(r'(\w+)(=~|!~|=|!=)"([^"]*)"')
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True)
class Alert:
    """A rule of alerts.yaml."""

    name: str
    expr: str
    annotations: Mapping[str, str]
    rule: Mapping[str, Any]

    def fires(self, *history: Samples) -> bool:
        """Returns whether the rule holds for the last of these samples; `for` is ignored.

        Raises ValueError for an expression that cannot be evaluated here.
        """
        vectors = [dict(_comparison(term, history)) for term in self.expr.split(" and ")]
        return bool(set.intersection(*(set(vector) for vector in vectors)))


@cache
def alerts() -> tuple[Alert, ...]:
    """Returns all rules, in their order."""
    (group,) = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
    return tuple(
        Alert(rule["alert"], " ".join(rule["expr"].split()), rule["annotations"], rule)
        for rule in group["rules"]
    )


NOT_EVALUATED = {
    "PilitoApiDown": "Prometheus itself makes `up`",
    "PilitoErrors": "a rate",
    "PilitoSignaturesFail": "a rate",
}
"""Alerts that samples of one moment do not decide."""


def firing(*history: Samples) -> set[str]:
    """Returns the names of the alerts that fire after these samples, oldest first."""
    return {alert.name for alert in alerts() if alert.name not in NOT_EVALUATED and alert.fires(*history)}


def outages() -> list[str]:
    """Returns what can be down: the first column of the table of `docs/reference/outages.md`."""
    page = (ROOT / "docs" / "reference" / "outages.md").read_text()
    return re.findall(r"^\| ([^|]+) \|", page, flags=re.MULTILINE)[2:]


def samples(content: str) -> Samples:
    """Returns name and labels of every sample in Prometheus' text format -> its value."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(content)
        for sample in family.samples
    }


def _comparison(term: str, history: Sequence[Samples]) -> Iterator[tuple[Labels, float]]:
    """Yields the labels and values for which `left == right` and the like holds."""
    left, compared, right = re.split(r" (==|>|<) ", term)
    limits = _side(right, history)
    for labels, value in _side(left, history).items():
        limit = limits.get(labels) if isinstance(limits, dict) else limits
        if limit is not None and _COMPARED[compared](value, limit):
            yield labels, value


def _side(text: str, history: Sequence[Samples]) -> Any:
    """Returns a number, or the vector of `max by (queue) (name)`, also of one vector divided by another."""
    if re.fullmatch(r"[\d.]+", text):
        return float(text)
    first, *others = (_aggregated(part, history) for part in text.split(" / "))
    for other in others:
        first = {labels: value / other[labels] for labels, value in first.items() if labels in other}
    return first


def _aggregated(text: str, history: Sequence[Samples]) -> Vector:
    match = _AGGREGATED.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} cannot be evaluated here")
    kept = {name.strip() for name in (match["by"] or "").split(",")}
    how = max if match["how"] == "max" else min
    found: Vector = {}
    for scraped in history if match["function"] == "max_over_time" else history[-1:]:
        for (name, labels), value in scraped.items():
            if name == match["name"] and _matches(dict(labels), match["labels"] or ""):
                key = frozenset(one for one in labels if one[0] in kept)
                number = abs(value) if match["function"] == "abs" else value
                found[key] = how(found.get(key, number), number)
    return found


def _matches(labels: Mapping[str, str], wanted: str) -> bool:
    for name, how, value in _MATCHER.findall(wanted):
        is_equal: Callable[[str], Any] = (
            partial(re.fullmatch, value) if "~" in how else partial(operator.eq, value)
        )
        if bool(is_equal(labels.get(name, ""))) == how.startswith("!"):
            return False
    return True
