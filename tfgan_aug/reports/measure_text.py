"""Words about the images: the table of measures, and whether a metric foretells the accuracy. Makes no file."""

from tfgan_aug.core import markdown
from tfgan_aug.evaluation import names, relations
from tfgan_aug.experiments import measures


def table(made, workdir):
    """Returns the measures as a table, by the first feature network there is: a line for each set of generated images.

    `made` is measures.json.
    """
    network = next(iter(made["sets"][0]["quality"]))
    head = ["images of", "GAN seed", "images", *(names.metric_name(name, network) for name in names.SHOWN)]
    head += ["near-copies, pixels", "authentic, pixels", "C_T, pixels", "copied patches"]
    lines = []
    for title, record in zip(measures.titles(made["sets"], workdir), made["sets"], strict=True):
        overall, own = record["quality"][network]["overall"], record["copying"]["pixels"]
        near = next(reversed(own["thresholds"].values()))
        cells = [title, record["gan_seed"], f"{record['images']:,}"]
        cells += [markdown.number(overall[name], ".3g") for name in names.SHOWN]
        cells += [f"{near['share']:.1%}", f"{own['authenticity']:.1%}", markdown.number(own["ct"], "+.1f")]
        cells.append(copied(record.get("patches")))
        lines.append(cells)
    text = markdown.table(head, lines, "lr", padded=True)
    if made["reference_note"]:
        text += f"\n\nCompared with the training images, where a copy looks perfect: {made['reference_note']}."
    return text


def copied(patches):
    """Returns the share of a set's patches that are copied, beside that of unused images where it is known, as text."""
    # Measures of earlier versions have none.
    if not patches or patches["copied"] is None:
        return "-"
    beside = "" if patches["unused"] is None else f" (unused: {patches['unused']:.1%})"
    return f"{patches['copied']:.1%}{beside}"


def relation(found):
    """Returns a sentence or two on what `relations.relate` found: the metric to watch, where there is one."""
    sets = f"{found['sets']} sets of images"
    named = f"{sets} from {found['pools']} pools"
    if not found["metrics"]:
        return (
            f"{sets} were measured and trained on. That is too few to relate a metric to the accuracy: "
            f"{relations.LEAST} from different pools are needed, found {found['pools']}. A pool is what one GAN of one "
            "seed drew."
        )
    good = [item for item in found["metrics"] if item["rho"] > 0 and item["p_holm"] < 0.05 and item["low"] > 0]
    if not good and relations.beyond_reach(found):
        return (
            f"{named} cannot tell a metric from chance, however well it orders them: {len(found['metrics'])} metrics "
            "were tried, and a pool counts once. Train GANs of more seeds."
        )
    if not good:
        words = "None deserves trust: watch the accuracy itself."
        return f"No metric foretells the accuracy of {named} beyond chance. {words}"
    best = good[0]
    return (
        f"Watch {best['metric']}: of all metrics it orders {named} most as the accuracy does. The rank "
        f"correlation is {best['rho']:.2f}, 95 % {best['low']:.2f} to {best['high']:.2f}."
    )
