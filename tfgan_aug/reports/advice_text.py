"""advice_text."""

from tfgan_aug.evaluation import learning_curves


def words(made):
    """The advice as lines of Markdown, the last ones about the rows of a table where there are any."""
    own, farthest = made["count"], learning_curves.FARTHEST
    head = (
        f"Measured on {made['folds']} inner splits of the training images ({own:.0f} a class), {made['seeds']} "
        f"classifier {_plural(made['seeds'])}, {made['steps']:,} steps each; no test image was read."
    )
    lines = [head, "", "| images a class | accuracy on the fold left out (%) |", "| --- | --- |"]
    lines += [f"| {point['count']:.0f} | {point['mean']:.1f} ± {point['sd']:.1f} |" for point in made["curve"]]
    lines += ["", f"By the power law through them (error {made['law'][0]:.2f} n^{-made['law'][1]:.2f}):", ""]
    for more in made["more"]:
        gained = f"{more['gain']:+.1f} points, 95 % {more['low']:+.1f} to {more['high']:+.1f}"
        lines.append(f"* {more['more']:.0f} more real images a class ({more['times']:g} times as many): {gained}")
    titles = {"augmented": f"{made['augmentation']}, new in every step", "geometric": "as many geometric images"}
    for kind, title in titles.items():
        item = made[kind]
        lines.append(
            f"* {title}: {item['difference']:+.1f} points, 95 % {item['low']:+.1f} to {item['high']:+.1f}, "
            f"{_worth(item['difference'], item['equivalent'], own)}"
        )
    best = max(titles, key=lambda kind: made[kind]["difference"])
    bar = max(made[best]["difference"], 0.0)
    than = f"what {titles[best]} gives" if bar else "nothing: neither cheap kind gains"
    lines += ["", f"**A GAN has to beat {bar:+.1f} points**, {than}.", ""]
    for item in made["rows"]:
        if item["verdict"] == "helps":
            text = f"gains {item['difference']:+.1f} points over real images alone: "
            text += _worth(item["difference"], item["more"], own)
        else:
            text = (
                f"{item['verdict']} against real images alone ({item['difference']:+.1f}, 95 % {item['low']:+.1f} to "
            )
            text += f"{item['high']:+.1f})"
            text += f"; at the most {_worth(item['high'], item['most'], own)}"
        lines.append(f"* {item['row']}: {text}")
    note = (
        f"Intervals over {made['folds']} folds and {made['seeds']} {_plural(made['seeds'])} are rough, and overlapping "
    )
    note += f"training sets make them narrow; beyond {farthest:g} times the images the law is no evidence."
    return [*lines, "", note]


def _plural(seeds):
    return "seed" if seeds == 1 else "seeds"


def _worth(points, more, own):
    if points <= 0:
        return "worth no real image"
    if more is None:
        return f"worth more than {(learning_curves.FARTHEST - 1) * own:.0f} more real images a class"
    return f"worth about {more:.0f} more real images a class"
