"""The text the assistant reads about a product: no prices, no stock, no links."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.content import Content, Form, distinct

_COMBINATIONS_LENGTH = 400
_LABELS_LENGTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A product's title line, and the rest of its text in paragraphs separated by blank lines."""

    title: str
    text: str


def render(content: Content) -> Document:
    """Returns the text about a product that is embedded and shown to assistants."""
    return Document(title=content.title, text="\n\n".join(filter(None, _paragraphs(content))))


def _paragraphs(content: Content) -> Iterator[str]:
    values = _values(content.forms)
    yield content.short_description
    yield "\n".join(
        f"{label}: {'، '.join(names)}"
        for label, names in (
            ("دسته‌بندی", content.categories),
            ("برند", content.brands),
            ("برچسب‌ها", content.tags),
        )
        if names
    )
    yield _listed("ویژگی‌ها", [attribute for attribute in content.attributes if attribute not in values])
    yield _listed("مشخصات", content.details)
    yield _listed("مدل‌های موجود", [*values, *_combinations(content.forms)])
    yield from _described(content.forms)
    if content.description != content.short_description:
        yield content.description


def _values(forms: tuple[Form, ...]) -> list[tuple[str, tuple[str, ...]]]:
    values: dict[str, list[str]] = {}
    for form in forms:
        for name, value in form.options:
            values.setdefault(name, []).append(value)
    return [(name, distinct(values[name])) for name in distinct(values)]


def _combinations(forms: tuple[Form, ...]) -> list[tuple[str, tuple[str, ...]]]:
    labels = distinct(_label(form) for form in forms if len(form.options) > 1)
    if not labels or sum(map(len, labels)) > _COMBINATIONS_LENGTH:
        return []
    return [("ترکیب‌ها", labels)]


def _described(forms: tuple[Form, ...]) -> Iterator[str]:
    labels: dict[str, list[str]] = {}
    for form in forms:
        if form.description:
            labels.setdefault(form.description, []).append(_label(form))
    for description, names in labels.items():
        label = "، ".join(filter(None, names))
        yield f"{label}: {description}" if 0 < len(label) <= _LABELS_LENGTH else description


def _label(form: Form) -> str:
    return " / ".join(value for _, value in form.options)


def _listed(heading: str, items: Sequence[tuple[str, tuple[str, ...]]]) -> str:
    if not items:
        return ""
    return "\n".join((f"{heading}:", *(f"- {name}: {'، '.join(values)}" for name, values in items)))
