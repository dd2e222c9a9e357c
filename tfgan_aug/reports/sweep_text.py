"""What a sweep shows, in words and as a table. Makes no file."""

from tfgan_aug.core import markdown

# Sweeps whose x is a cost.
_COSTLY = ("generated", "budget", "real")


def answer(name, records):
    """Returns what the points of sweep `name` say: the best one's numbers, how many gain, which to use."""
    rare = name == "rare"
    fields = ("recall_difference", "recall_low", "recall_high") if rare else ("difference", "low", "high")
    compared = [record for record in records if record[fields[0]] is not None]
    if not compared:
        return "No point is finished yet."
    best = max(compared, key=lambda record: record[fields[0]])
    difference, low, high = (best[field] for field in fields)
    value, what = (best["recall"], " of the rare class's images") if rare else (best["mean"], "")
    numbers = f"{value:.1f} %{what} instead of {value - difference:.1f} % with the real images alone"
    found = [f"The best point is {best['curve']} at {best['label']}: {numbers}."]
    found.append(f"That is {difference:+.1f} points, 95 % {low:+.1f} to {high:+.1f}.")
    gains, losses = sum(record[fields[1]] > 0 for record in compared), sum(record[fields[2]] < 0 for record in compared)
    sure = f"{gains or 'none'} {'gains' if gains == 1 else 'gain'} for sure and {losses or 'none'}"
    found.append(f"Of {len(compared)} points {sure} {'loses' if losses == 1 else 'lose'}.")
    sure = [record for record in compared if record[fields[1]] > 0]
    if not sure:
        return " ".join([*found, "So use the real images alone."])
    use = best if best in sure else max(sure, key=lambda record: record[fields[0]])
    if name in _COSTLY and use["x"] is not None:
        # Of these more of x costs more, and what is as good for less is the one to take.
        same = [record for record in compared if record["curve"] == use["curve"] and record["x"] is not None]
        least = min((record for record in same if record[fields[2]] >= use[fields[0]]), key=lambda record: record["x"])
        if least is not use:
            found.append(f"From {least['label']} on, more is not told apart from the best.")
        use = least
    found.append(f"Use {use['curve']} at {use['label']}.")
    if len(compared) > 1:
        found.append("The best of several looks better than it is: the intervals are not corrected for that.")
    return " ".join(found)


def text(made):
    """Returns the title, the answer and the points as a table."""
    head = ["curve", "point", "images", "accuracy", "to real, 95 %", "acceptance", "margin"]
    head += ["recall of the rare class"] if made["sweep"] == "rare" else []
    lines = []
    for r in made["points"]:
        spread = "" if r["sd"] is None else f" ± {r['sd']:.1f}"
        versus = "-" if r["difference"] is None else f"{r['difference']:+.1f} [{r['low']:+.1f}, {r['high']:+.1f}]"
        cells = [r["curve"], r["label"], f"{r['images']:,}", f"{r['mean']:.1f}{spread}", versus]
        cells += [markdown.number(r["acceptance"], ".0%"), markdown.number(r["margin"], "+.2f")]
        if made["sweep"] == "rare":
            change = r["recall_difference"]
            own = "" if change is None else f" ({change:+.1f} [{r['recall_low']:+.1f}, {r['recall_high']:+.1f}])"
            cells.append(f"{markdown.number(r['recall'], '.1f')}{own}")
        lines.append(cells)
    short = [f"{r['curve']} {r['label']}, {r['short']}" for r in made["points"] if r.get("short")]
    table = "\n\n".join([markdown.table(head, lines, padded=True), *(["\n".join(short)] if short else [])])
    return f"{made['title']}\n\n{answer(made['sweep'], made['points'])}\n\n{table}"
