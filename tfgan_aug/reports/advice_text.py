"""Advice in words: what a GAN has to beat, what more real images would be worth. Makes no file."""

from tfgan_aug.core import markdown
from tfgan_aug.evaluation import learning_curves


def lines(made):
    """Returns advice.json as lines of Markdown, the last ones about the rows of a table where there are any."""
    own, seeds = made["count"], f"{made['seeds']} classifier seed{'s' * (made['seeds'] > 1)}"
    kinds = {"augmented": f"{made['augmentation']}, new in every step", "geometric": "as many geometric images"}
    found = [f"**A GAN has to beat {_bar(made)[0]:+.1f} points.** {_bar(made)[1]}", ""]
    found.append(f"Measured on {made['folds']} inner splits of the training images, with {seeds} and")
    found += [f"{made['steps']:,} steps each. No test image was read.", ""]
    found += [f"* {title}: {_cheap(made[kind], own)}" for kind, title in kinds.items()]
    for more in made["more"]:
        images = f"{more['more']:.0f} more real images a class ({more['times']:g} times as many)"
        found.append(f"* {images}: {_points(more, 'gain')}")
    found += [f"* {_row(item, own)}" for item in made["rows"]]
    a, b = made["law"]
    return [
        *found,
        "",
        f"What more real images give is read off a power law: an error of {a:.2f} n^{-b:.2f} at n images a class.",
        f"Beyond {learning_curves.FARTHEST:g} times the images it is no evidence. The intervals are over",
        f"{made['folds']} folds and {seeds}, by Student's t for these few. That the folds' training sets overlap is in",
        "none of them.",
    ]


def _bar(made):
    """Returns (points that a GAN has to beat, where they come from)."""
    best = max(("augmented", "geometric"), key=lambda kind: made[kind]["difference"])
    if made[best]["difference"] <= 0:
        return 0.0, "Neither cheap kind of new images gains anything."
    source = f"{made['augmentation']} in every step" if best == "augmented" else "a set of geometric images"
    return made[best]["difference"], f"That is what {source} gives without any GAN."


def curve(made):
    """Returns the learning curve of advice.json as a table."""
    head = ("images a class", "accuracy on the fold left out (%)")
    points = [(f"{point['count']:.0f}", f"{point['mean']:.1f} ± {point['sd']:.1f}") for point in made["curve"]]
    return markdown.table(head, points, "r", padded=True)


def _points(item, field):
    return f"{item[field]:+.1f} points, 95 % {item['low']:+.1f} to {item['high']:+.1f}"


def _cheap(item, own):
    return f"{_points(item, 'difference')}; {_worth(item['difference'], item['equivalent'], own)}"


def _row(item, own):
    """Returns what a row with generated images is worth in real ones."""
    name, against = f"`{item['row']}`", f"{_points(item, 'difference')} against real images alone"
    if item["verdict"] == "helps":
        return f"{name} helps: {against}; {_worth(item['difference'], item['more'], own)}"
    verdict = "hurts" if item["verdict"] == "hurts" else "is not told apart"
    return f"{name} {verdict}: {against}; at the most {_worth(item['high'], item['most'], own)}"


def _worth(points, more, own):
    if points <= 0:
        return "worth no real image"
    if more is None:
        return f"worth more than {(learning_curves.FARTHEST - 1) * own:.0f} more real images a class"
    return f"worth about {more:.0f} more real images a class"
