"""Advice in words: which row to build, what it has to beat, what more real images would be worth. Makes no file."""

from tfgan_aug.core import markdown
from tfgan_aug.evaluation import learning_curves
from tfgan_aug.reports import answer_text


def lines(made):
    """Returns advice.json as lines of Markdown, the last ones about the rows of a table where there are any."""
    own, tried = made["count"], made["tried"]
    folds = f"{made['folds']} inner splits of the training images"
    seeds = f"{made['seeds']} classifier seed{'s' * (made['seeds'] > 1)}"
    found = [_build(tried), ""]
    found += [f"Tried on {folds}, {tried['images']:,} scored, with {seeds} and {made['steps']:,} classifier"]
    found += ["steps. No test image was read. Against `real`:", ""]
    law = made["law"]
    found += [f"* `{name}`, {_cheap(row, own, law)}" for name, row in tried["rows"].items() if name != "real"]
    for more in made["more"]:
        images = f"{more['more']:.0f} more real images a class ({more['times']:g} times as many)"
        found.append(f"* {images}: {_points(more, 'gain')}")
    found += [f"* {_row(item, own)}" for item in made["rows"]]
    return [
        *found,
        "",
        "The splits train on fewer images than you have, and often for fewer steps than a table: with all of them",
        "differences can be smaller or larger. `python -m tools.run_table --claim` tests a choice on test images.",
        "The intervals of rows are over the images that are scored: that one more training of a row can lie points",
        "apart is in none of them.",
        *_of_law(law),
    ]


def _build(tried):
    """Returns the sentence on the row to build, with its doubt."""
    plain = tried["strongest"]
    without = f"{tried['rows'][plain]['mean']:.1f} % with {answer_text.plain_words(plain)}"
    if tried["chosen"] is None:
        return f"**No row with generated images has a result.** The best without: {without}."
    chosen = tried["rows"][tried["chosen"]]
    versus = chosen["versus"][plain]
    numbers = (
        f"on images left out `{tried['chosen']}` reaches {chosen['mean']:.1f} %, {without}: "
        f"{_points(versus, 'difference')}"
    )
    if versus["low"] > 0:
        return f"**Build `{tried['chosen']}`:** {numbers}."
    if versus["high"] < 0:
        return f"**Build no generated images, take `{plain}`:** {numbers}."
    likely = f"`{tried['chosen']}` may be worth a try" if versus["difference"] > 0 else f"`{plain}` is the safer choice"
    return f"**It is open whether generated images help; {likely}:** {numbers}."


def curve(made):
    """Returns the learning curve of advice.json as a table."""
    head = ("images a class", "accuracy on the fold left out (%)")
    points = [(f"{point['count']:.0f}", f"{point['mean']:.1f} ± {point['sd']:.1f}") for point in made["curve"]]
    return markdown.table(head, points, "r", padded=True)


def _points(item, field):
    return f"{item[field]:+.1f} points, 95 % {item['low']:+.1f} to {item['high']:+.1f}"


def _of_law(law):
    """Yields the lines on what more real images would be worth."""
    if law is None:
        yield "What more real images would be worth is not known: smaller shares of them are less than a batch."
        return
    a, b = law
    yield f"What more real images give is read off a power law: an error of {a:.2f} n^{-b:.2f} at n images a class."
    yield f"Beyond {learning_curves.FARTHEST:g} times the images it is no evidence."


def _cheap(row, own, law):
    versus = row["versus"]["real"]
    said = f"{markdown.literal(row['title'])}: {_points(versus, 'difference')}"
    return f"{said}; {_worth(versus['difference'], row['more'], own)}" if law else said


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
