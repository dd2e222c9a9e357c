"""measure_text."""

from tfgan_aug.evaluation import names
from tfgan_aug.experiments import measures


def number(value, form=".3g"):
    """A number in words; `-` for None."""
    return "-" if value is None else f"{value:{form}}"


def lines(record, reference_note):
    """Lines of Markdown for a dataset's card: quality by network, a class a line, and copying."""
    against = (
        "the training images themselves (a copy looks perfect)" if reference_note else "unused images of the source"
    )
    found = [f"{record['images']:,} generated images, compared with {against}.", ""]
    for network, measured in record["quality"].items():
        head = [names.metric_name(name, network) for name in names.SHOWN]
        found += [f"| class | {' | '.join(head)} |", "| --- " * (len(head) + 1) + "|"]
        for title, values in (("all", measured["overall"]), *measured["classes"].items()):
            title = title.replace("|", chr(92) + "|")
            found.append(f"| {title} | {' | '.join(number(values[name]) for name in names.SHOWN)} |")
        found.append("")
    for space, own in record["copying"].items():
        for name, limit in own["thresholds"].items():
            found.append(
                f"* Near-copies by {space}: {limit['share']:.1%} are closer to a training image than all but "
                f"{measures._QUANTILE:.0%} of the {name} are."
            )
        ct = f"C_T {own['ct']:+.1f} (below about -3: copying)" if own["ct"] is not None else f"C_T: - ({own['why']})"
        found.append(f"* By {space}: {own['authenticity']:.1%} authentic; {ct}.")
    return [*found, "", "![the closest pairs](closest_pairs.png)"]
