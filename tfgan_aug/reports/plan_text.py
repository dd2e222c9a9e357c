"""What `--dry_run` prints: the work that is left, before any of it is done. Makes no file."""


def of_table(made):
    """Returns the text of an `estimates.of_table`: a line for each GAN and each row, and the sum of the times."""
    lines = []
    for gan in made["gans"]:
        names = ", ".join(variant.name for variant in gan["variants"])
        name = f"{gan['gan']}, GAN seed {gan['seed']}" if gan["gan"] else "no GAN"
        lines.append(f"{name}: {names}; {_time(gan['seconds'])}")
    for row in made["rows"]:
        number = f"row {row['number']}" if row["number"] else row["group"]
        left = f"{row['left']} of {row['cells']} cells left"
        lines.append(f"{row['name']} ({number}): {left}; {_time(row['seconds'])}")
    cells = sum(row["cells"] for row in made["rows"])
    steps = f"{made['steps']:,} optimiser steps each"
    if made["protocol"] == "equal_epochs":
        steps = f"{made['steps']:,} optimiser steps on real images, in proportion on more"
    if made["protocol"] == "tuned":
        steps = f"{made['steps']:,} optimiser steps at first, then as many as an inner split chooses"
    head = f"{cells} cells of {len(made['rows'])} rows, {steps}; "
    head += "training alone, for one worker:"
    total = sum(work["seconds"] for work in (*made["gans"], *made["rows"]))
    closing = f"in all {_time(total)}; drawing, writing and scoring come on top"
    return "\n".join([head, *lines, closing]) + "\n"


def _time(seconds):
    if not seconds:
        return "nothing to train"
    return f"about {seconds / 60:.0f} minutes" if seconds < 5400 else f"about {seconds / 3600:.1f} hours"


def of_sweep(name, points, choice):
    """Returns a line: the points of a sweep and the trainings that they need at most, with the seeds of `choice`."""
    cells = sum(len(choice.classifier_seeds) * (len(choice.gan_seeds) if p.rows[0].variant.gan else 1) for p in points)
    labels = ", ".join(f"{point.curve} {point.label}" for point in points)
    return f"{name}: {len(points)} points ({labels}), up to {cells} trainings of classifiers and as many of row real"
