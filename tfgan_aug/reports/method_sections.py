"""How a table was made, and how to make it again: sections of its page. Makes no file."""

import json

from tfgan_aug.core import markdown
from tfgan_aug.reports.blocks import Code, Details, Section, Table, Text

GROUPS = {"paper": "the paper's rows", "controls": "controls", "options": "options"}
# What a part of a row's name means.
_MEANINGS = {
    "geo": "real images, and new ones made from them without a GAN (`config.geometric`; `_x2`: twice as many)",
    "_tp": "also generated images that the judge, a classifier, takes for their class (true positives)",
    "_fp": "also generated images that the judge takes for another class, with their own label (false positives)",
    "_relabeled": "false positives with the label that the judge gave them",
    "_confident": "only generated images of which the judge is sure (`config.samples.confidence`)",
    "_quantile": "the best share of each class's draws by the judge's loss (`config.samples.quantile`)",
    "_weighted": "generated images count less in the loss (`config.table.mixing_weight`)",
    "_pretrained": "generated images first, then real ones (`config.table.pretrain_share`)",
    "_soft": "the judge's probabilities as labels of generated images; in `real_soft` of the real ones, without any",
    "_consistency": "generated images without labels: two augmentations of one image are to be predicted alike",
    "trivial_augment": "no image added; one random transform of random strength for each image, new in every step",
    "_fresh": "real images, some replaced by true positives, new in every step (`config.table.fresh_*`)",
    "_cas": "generated images alone, scored on real ones: how much of the classes they hold",
    "_real": "the classifier that the GAN's training left, trained on with real images alone",
    "_classifier": "the GAN's discriminator, which is a classifier, as its training leaves it: no other training",
    "_both": "as `_fresh`, but the classifier starts from the GAN's discriminator",
    "real_x2": "each real image twice: no new image, as many as with new ones",
    "flip_crop": "no image added; flips and crops, new ones in every step",
    "rand_augment": "no image added; Keras' RandAugment, new in every step",
    "colours": "no image added; cheap transforms and other colours, new in every step",
    "balanced": "no image added; images of rare classes come as often as others",
    "pixel_mix": "real images, some replaced by pixels of two real ones of the class, new in every step",
    "real_tuned": "no image added; length, rate and decay of the training chosen on an inner split",
    "mixup": "real images, each blended with another one, new in every step",
    "cutmix": "real images, a box of another one in each, new in every step",
}
_STATISTICS = """**How to read the numbers.** Every row is trained once for each pair of a GAN seed, which repeats all
of the GAN's training and drawing, and a classifier seed; rows without a GAN have classifier seeds alone. ± is the
standard deviation over these trainings; the test set's standard error is what no number of seeds takes away.

A difference is paired: same classifier seed, same test image. Its 95 % interval and p value come from a bootstrap that
draws GAN seeds, classifier seeds and test images afresh, by Student's t for the few seeds. Of a single seed it cannot
draw: the scope, such as "one GAN seed", says so, and the interval is then silent on other seeds. The p values of all
rows against one baseline are adjusted by Holm's method. A row **helps** or **hurts** where the adjusted p is below 5
%; else it is **not resolved**, which does not prove that there is no difference. The intervals themselves are not
adjusted."""


def training_length(table):
    """Returns how long each row of a table trains, in words."""
    steps = f"{table['steps']:,} steps"
    protocol = table.get("protocol", "equal_steps")
    if protocol == "equal_steps":
        return steps
    if protocol == "tuned":
        return f"as long as an inner split of the training images chooses, about {steps}"
    return f"as many passes over its own images as `real` makes in {steps}"


def how(table, workdir):
    """Returns the section on the rows, the statistics, the machine."""
    source, rows = table["source"], table["rows"]
    parts = [f"* `{part}`: {text}." for part, text in _MEANINGS.items() if any(part in row["name"] for row in rows)]
    rights = markdown.literal(source["license"] or "not named")
    images = f"{markdown.literal(source['name'])} {source['version']} (license: {rights})"
    text = f"""A small subset of {images} is drawn. A GAN and a judge learn from it; the GAN draws images, the judge
sorts them. Each row trains the same classifier for {training_length(table)}, on a training set of its own:

* `real`: the subset's images alone."""
    departures = [
        "**Where this departs from the paper:**",
        "",
        *(f"* {markdown.literal(line)}" for line in table["deviations"]),
    ]
    lines = tuple((r["name"], r["title"], GROUPS.get(r["group"], r["group"]), r["dataset"]) for r in rows)
    machine = (("hardware", table["hardware"]), *table["versions"].items())
    blocks = (
        Text("\n".join([text, *parts])),
        Details("All rows", (Table(("row", "training set", "group", "dataset"), lines, "", "l"),)),
        Text(_STATISTICS),
        Text("\n".join(departures)),
        Table(("what", "which"), machine, "The machine and the versions.", "l"),
        Details("How to cite the images", (Code(source["citation"] or "No citation is named."),)),
    )
    return Section("How it was done", blocks)


def again(table, workdir):
    """Returns the section with the command, the config and the digests."""
    digests = [("subset", "-", table["subset_digest"]), ("config", "-", table["config_digest"])]
    digests += [(row["name"], seed, digest) for row in table["rows"] for seed, digest in row["digests"].items()]
    text = "In a clone of this library, with its requirements installed (what is finished is not made again):"
    config = Details("The config", (Code(json.dumps(table["config"], indent=2, sort_keys=True), "json"),))
    made = Table(("of", "GAN seed", "digest"), tuple(digests), "Equal digests: the same images and labels.", "l")
    return Section("Do it again", (Text(text), Code(table["command"], "bash"), config, Details("The digests", (made,))))
