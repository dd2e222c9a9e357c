"""What a map shows, in words and as a table. Makes no file."""

from tfgan_aug.core import markdown


def answer(made, shown=str):
    """Returns sentences: where rows with generated images are better than the strongest row without, and where not.

    `shown(name)` is how names of sets stand in the text.
    """
    cells = made["cells"]
    if not cells:
        return "No point with generated images is finished yet."
    places = {}
    for cell in cells:
        # Of each place the best row with generated images.
        key = cell["source"], cell["per_class"]
        if key not in places or cell["difference"] > places[key]["difference"]:
            places[key] = cell
    said = []
    for verdict, words in (
        ("helps", "They helped"),
        ("hurts", "They hurt"),
        ("not resolved", "It is open whether they helped"),
    ):
        found = [cell for cell in places.values() if cell["verdict"] == verdict]
        if found:
            named = "; ".join(
                f"{shown(cell['source'])}, {cell['per_class']} a class: `{cell['row']}` {numbers(cell)}"
                for cell in found
            )
            said.append(f"* **{words}** in {len(found)} of {len(places)} places: {named}.")
    done = len(made["points"])
    head = (
        "Generated images, the best row with them beside the strongest row without, in points with 95 % intervals over "
        "subsets:"
    )
    parts = ["\n".join([head, "", *said])]
    if len({cell["row"] for cell in cells}) > 1:
        parts.append("The best of several rows looks better than it is: the intervals are not corrected for that.")
    if done != made["planned"]:
        parts.append(f"{done} of {made['planned']} points are finished.")
    return "\n\n".join(parts)


def numbers(cell):
    """Returns a difference with its interval, such as `+4.7 [+2.9, +6.7]`."""
    bounds = "" if cell["low"] is None else f" [{cell['low']:+.1f}, {cell['high']:+.1f}]"
    return f"{cell['difference']:+.1f}{bounds}"


def text(made):
    """Returns the answer and the cells as a table."""
    head = ("set", "images a class", "row", "accuracy (%)", "strongest without", "its (%)", "difference", "subsets")
    lines = [
        (
            *(cell["source"], cell["per_class"], cell["row"], f"{cell['mean']:.1f}"),
            *(cell["strongest"], f"{cell['strongest_mean']:.1f}", f"{numbers(cell)} {cell['verdict']}"),
            cell["subsets"],
        )
        for cell in made["cells"]
    ]
    return f"{answer(made)}\n\n{markdown.table(head, lines, padded=True)}" if lines else answer(made)
