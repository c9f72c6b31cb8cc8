"""Charts as SVG, made on the server: no script, and colours from the style sheet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 720, 160
GAP = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar: what it stands for, and the height of each of its parts by the name of their kind."""

    label: str
    parts: Mapping[str, int]


def stacked(bars: Sequence[Bar], *, title: str) -> Markup:
    """Returns stacked bars; each part has the class `part-KIND`, and each bar its label as a tooltip.

    The chart says its title to screen readers; a page gives the numbers in a table too.
    """
    most = max((sum(bar.parts.values()) for bar in bars), default=0) or 1
    width = WIDTH / max(len(bars), 1)
    drawn = []
    for place, bar in enumerate(bars):
        top = float(HEIGHT)
        shapes = []
        for kind, count in bar.parts.items():
            height = HEIGHT * count / most
            top -= height
            shapes.append(
                Markup('<rect class="part-{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
                    kind, place * width, top, max(width - GAP, 1), height
                )
            )
        drawn.append(Markup("<g><title>{}</title>{}</g>").format(bar.label, Markup("").join(shapes)))
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        "{}</svg>"
    ).format(WIDTH, HEIGHT, escape(title), Markup("").join(drawn))


def lines(points: Sequence[Mapping[str, float | None]], *, title: str) -> Markup:
    """Returns a line for each kind of value, with the class `line-KIND`; a missing value breaks its line."""
    most = max((value for point in points for value in point.values() if value is not None), default=0) or 1
    step = WIDTH / max(len(points), 1)
    drawn = []
    for kind in dict.fromkeys(kind for point in points for kind in point):
        path, is_open = [], False
        for place, point in enumerate(points):
            value = point.get(kind)
            if value is not None:
                command = "L" if is_open else "M"
                path.append(f"{command}{(place + 0.5) * step:.1f} {HEIGHT - HEIGHT * value / most:.1f}")
                if not is_open:
                    path.append("h0.1")  # a point alone is seen too
            is_open = value is not None
        drawn.append(Markup('<path class="line-{}" d="{}"/>').format(kind, " ".join(path)))
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        "{}</svg>"
    ).format(WIDTH, HEIGHT, escape(title), Markup("").join(drawn))
