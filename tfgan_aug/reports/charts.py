"""Charts: lines with a legend and rows with intervals as SVG text; the points of a sweep and a map as PNG files."""

import contextlib
import io
import re
import warnings

import numpy as np

from tfgan_aug.core import artefacts

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444")
# By verdict: colour and marker.
_VERDICTS = {"helps": ("#0060a8", "^"), "hurts": ("#c04a00", "v")}


def line_chart(curves, x_label, y_label, title):
    """An SVG text: a line a curve, with a legend. `curves` are (name, xs, ys); what is not finite is left out."""
    with _canvas(3.4) as (axes, done):
        for i, (name, xs, ys) in enumerate(curves):
            style = ("-", "--", ":", "-.")[i // len(_COLOURS) % 4]
            axes.plot(xs, ys, style, color=_COLOURS[i % len(_COLOURS)], label=name, marker="." if len(xs) < 9 else "")
        axes.set(xlabel=x_label, ylabel=y_label)
        axes.set_title(title, loc="left", fontweight="bold")
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=8)
        return done()


def interval_chart(names, differences, lows, highs, verdicts, label):
    """An SVG text: a row a name, first on top, with its difference, interval and verdict; `label` is the axis's."""
    with _canvas(0.8 + 0.27 * len(names)) as (axes, done):
        for y, (value, low, high, verdict) in enumerate(zip(differences, lows, highs, verdicts, strict=True)):
            colour, marker = _VERDICTS.get(verdict, ("#606060", "o"))
            axes.plot([low, high], [y, y], color=colour, linewidth=1.8)
            axes.plot([value], [y], marker, color=colour)
            text = f"{value:+.1f} [{low:+.1f}, {high:+.1f}] {verdict}"
            axes.text(1.02, y, text, color=colour, va="center", fontsize=8, transform=axes.get_yaxis_transform())
        axes.axvline(0, color="0.2", linewidth=1)
        axes.set_yticks(range(len(names)), names)
        axes.set(ylim=(len(names) - 0.4, -0.6), xlabel=label)
        return done()


def save_sweep(path, made):
    """Writes the curve with 95 % intervals of the differences to real images alone as a PNG file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    prefix = "recall_" if made["sweep"] == "rare" else ""
    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.axhline(0, color="0.5", linewidth=1)
    found = [record for record in made["points"] if record[f"{prefix}difference"] is not None]
    names = [record["label"] for record in found] if any(record["x"] is None for record in found) else None
    for curve in dict.fromkeys(record["curve"] for record in found):
        own = [record for record in found if record["curve"] == curve]
        x = [record["x"] for record in own] if names is None else [names.index(record["label"]) for record in own]
        order = np.argsort(x)
        y, low, high = (
            np.array([own[i][f"{prefix}{field}"] for i in order]) for field in ("difference", "low", "high")
        )
        x = np.array(x, float)[order]
        axes.errorbar(x, y, np.maximum([y - low, high - y], 0), marker="o", capsize=3, label=curve)
    if names is not None:
        axes.set_xticks(range(len(names)), names, rotation=15, ha="right")
        axes.set_xlim(-0.5, len(names) - 0.5)
    elif made["log"] and found:
        axes.set_xscale("log")
        ticks = sorted({record["x"] for record in found})
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
    axes.set_xlabel(made["x_label"])
    what = f"recall of {made['rare_class']}" if prefix else "accuracy"
    axes.set_ylabel(f"{what}, points over real alone")
    axes.set_title(made["title"])
    if found:
        axes.legend()
    with artefacts.whole(path) as partial:
        figure.savefig(partial, dpi=120)


def save_map(path, made):
    """Writes the heatmap of a map as a PNG file: a panel for each row with generated images, sets by images a class.

    Each cell has its difference to the strongest row without, in points, with its 95 % interval; blue is better.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    cells = made["cells"]
    names, sets, counts = (sorted({cell[field] for cell in cells}) for field in ("row", "source", "per_class"))
    shape = max(1, len(names)), 1
    figure = Figure(
        figsize=(2.5 + 1.5 * max(1, len(counts)), 0.4 + shape[0] * (1.2 + 0.6 * max(1, len(sets)))),
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    limit = max([5.0, *(abs(cell["difference"]) for cell in cells)])
    for axes, name in zip(figure.subplots(*shape, squeeze=False)[:, 0], names or [""], strict=True):
        grid = np.full((len(sets), len(counts)), np.nan)
        for cell in (cell for cell in cells if cell["row"] == name):
            y, x = sets.index(cell["source"]), counts.index(cell["per_class"])
            grid[y, x] = cell["difference"]
            bounds = "" if cell["low"] is None else f"\n[{cell['low']:+.1f}, {cell['high']:+.1f}]"
            strong = abs(cell["difference"]) > 0.7 * limit
            text = f"{cell['difference']:+.1f}{bounds}"
            axes.text(x, y, text, ha="center", va="center", fontsize=8, color="white" if strong else "black")
        if grid.size:
            axes.imshow(grid, cmap="RdBu", vmin=-limit, vmax=limit, aspect="auto")
        axes.set_xticks(range(len(counts)), counts)
        axes.set_yticks(range(len(sets)), sets)
        axes.set_xlabel("real images a class")
        axes.set_title(name, fontsize=9)
    figure.suptitle("points over the strongest row\nwithout generated images", fontsize=9)
    with artefacts.whole(path) as partial:
        figure.savefig(partial, dpi=120)


@contextlib.contextmanager
def _canvas(height):
    """(axes, function that gives the SVG text): a figure that looks the same whatever this machine's settings."""
    # Only pages with charts need it, and it may write a cache of fonts.
    import matplotlib.style
    from matplotlib.figure import Figure

    settings = {"svg.hashsalt": "page", "svg.fonttype": "path", "text.parse_math": False, "font.size": 9}
    settings |= {"axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": "0.9"}
    with matplotlib.style.context(["default", settings]), warnings.catch_warnings():
        # A name in a script that the font lacks shows as boxes.
        warnings.filterwarnings("ignore", "Glyph .* missing")
        figure = Figure(figsize=(5.2, height))

        def done():
            file = io.StringIO()
            figure.savefig(file, format="svg", bbox_inches="tight", metadata={"Date": None})
            svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|<style.*?</style>", "", file.getvalue(), flags=re.DOTALL)
            # The style sheet would reach all of a page; as an attribute it stays within.
            return svg[svg.index("<svg") :].replace("<svg", '<svg style="stroke-linejoin:round"', 1).strip()

        yield figure.add_subplot(), done
