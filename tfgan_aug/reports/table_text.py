"""The table as it is printed: its rows on the primary split, and what is unfinished. Makes no file."""

from tfgan_aug.core import markdown
from tfgan_aug.datasets import cards
from tfgan_aug.experiments import summaries
from tfgan_aug.reports import answer_text


def text(made):
    """Returns what a person reads of table.json: the answer, the rows, and which of them lack images."""
    lacking = "".join(f"\n{line}" for line in shortfalls(made))
    return f"{answer_text.of_table(made)}\n\n{rows(made)}" + (f"\n{lacking}" if lacking else "")


def rows(made):
    """Returns the rows on the primary split as a table."""
    head = ("row", "training set", "images", "paper (%)", "ours (%)", "cells", "against real (points)")
    # Tables of earlier versions named no strongest row.
    baselines = ("real", "geo" if made.get("strongest") in (None, "real") else made["strongest"])
    head += (f"against {baselines[1]} (points)", "minutes", "minutes a point")
    return markdown.table(head, [_line(row, baselines) for row in made["rows"]], padded=True)


def _line(row, baselines):
    scores = summaries.primary(row)
    cells = [row["number"] or "-", row["name"], f"{row['images']:,}" if row["images"] else "-"]
    cells.append(f"{row['paper']:.1f}" if row["paper"] else row["paper_note"] or "-")
    if scores is None:
        return [*cells, "left out" if row["left_out"] else "-", f"0 of {row['planned']}", *["-"] * 4]
    spread = f" +- {scores['sd']:.1f}" if scores["sd"] is not None else ""
    cells += [f"{scores['mean']:.1f}{spread}", f"{row['done']} of {row['planned']}"]
    for versus in map(scores["versus"].get, baselines):
        bounds = versus and f"{versus['difference']:+.1f} [{versus['low']:+.1f}, {versus['high']:+.1f}]"
        cells.append(f"{bounds} {versus['verdict']}" if versus else "-")
    return [*cells, f"{row['make_minutes']:.1f}", markdown.number(row["minutes_per_point"], ".1f")]


def shortfalls(made):
    """Returns what rows lack, one text for each row and GAN seed: `dcgan_tp, GAN seed 0: 3 generated images ...`."""
    found = [(row["name"], seed, short) for row in made["rows"] for seed, short in row.get("short", {}).items()]
    return [f"{name}, GAN seed {seed}: {cards.shortfall(short)}" for name, seed, short in found]


def unfinished(made):
    """Returns the unfinished cells, one text each: `dcgan_tp: GAN seed 1, classifier seed 2`."""
    return [f"{row['name']}: {cell}" for row in made["rows"] for cell in row["unfinished"]]
