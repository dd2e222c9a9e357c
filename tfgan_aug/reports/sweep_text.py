"""sweep_text."""

import numpy as np


def answer(name, records):
    """What the points say, in a sentence or two."""
    field = "recall_difference" if name == "rare" else "difference"
    low, high = ("recall_low", "recall_high") if name == "rare" else ("low", "high")
    compared = [record for record in records if record[field] is not None]
    if not compared:
        return "No point is finished yet."
    what = "the rare class's recall" if name == "rare" else "accuracy"
    best = max(compared, key=lambda record: record[field])
    gains = sum(record[low] > 0 for record in compared)
    losses = sum(record[high] < 0 for record in compared)
    words = f"Most {what} with {best['curve']} at {best['label']}: {best[field]:+.1f} points over real images alone, "
    words += f"95 % {best[low]:+.1f} to {best[high]:+.1f}. Of {len(compared)} points {gains or 'none'} gain and "
    words += f"{losses or 'none'} lose beyond their intervals (not corrected for their number)."
    same = [r for r in compared if r["curve"] == best["curve"] and r["x"] is not None and best["x"] is not None]
    near = [record for record in same if record[high] >= best[field]]
    if name in ("generated", "budget", "real") and near and best[low] > 0:
        first = min(near, key=lambda record: record["x"])
        words += f" From {first['label']} on, its curve is no longer told apart from its best."
    return words


def text(made):
    """A Markdown table of the points, and the answer."""
    head = ["curve", "point", "images", "accuracy", "to real, 95 %", "acceptance", "margin"]
    head += ["recall of the rare class"] if made["sweep"] == "rare" else []
    lines = [head, ["---"] * len(head)]
    for r in made["points"]:
        spread = "" if r["sd"] is None else f" ± {r['sd']:.1f}"
        versus = "-" if r["difference"] is None else f"{r['difference']:+.1f} [{r['low']:+.1f}, {r['high']:+.1f}]"
        cells = [r["curve"], r["label"], f"{r['images']:,}", f"{r['mean']:.1f}{spread}", versus]
        cells += ["-" if r["acceptance"] is None else f"{r['acceptance']:.0%}"]
        cells += ["-" if r["margin"] is None else f"{r['margin']:+.2f}"]
        if made["sweep"] == "rare":
            change = r["recall_difference"]
            own = "" if change is None else f" ({change:+.1f} [{r['recall_low']:+.1f}, {r['recall_high']:+.1f}])"
            cells.append(f"{r['recall']:.1f}{own}")
        lines.append(cells)
    table_text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"{made['title']}\n\n{table_text}\n\n{made['answer']}"


def draw(path, made):
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
    figure.savefig(path, dpi=120)
