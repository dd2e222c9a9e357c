"""What the page of a table says about the images: their quality, copying, the sweeps, how quality and gain relate,
the advice.

Makes no file. Reads, in the workdir, measures.json (tools.measure), sweeps/*/sweep.json (tools.run_sweep), map/map.json
(tools.run_map), advice.json.
"""

from tfgan_aug.core import artefacts, markdown
from tfgan_aug.evaluation import names, relations
from tfgan_aug.experiments import gains, maps, measures
from tfgan_aug.experiments.advice import FILE as ADVICE
from tfgan_aug.reports import advice_text, charts, map_text, measure_text, sweep_text
from tfgan_aug.reports.blocks import Cell, Chart, Details, Image, Section, Table, Text

_CLASSES = 20
_QUALITY = """How close are the generated images to real ones? A network turns each image into features; the metrics
compare these. The name of a metric says which network:

{networks}

{reference}

* **FD** (Fréchet distance) and **KID** (kernel distance): less is better. Only Inception's FD is the published FID.
* **Precision**: the share of generated images that look like real ones.
* **Recall**: the share of real images that some generated one looks like, so how varied they are.
* **Density** and **coverage**: the same two, with less weight on outliers."""
_NETWORKS = {
    "cnn": "**cnn**: a classifier trained on source images that no GAN saw.",
    "judge": "**judge**: the judge. It also chose the images, so it flatters them.",
    "inception": "**inception**: the network of the published FID.",
}
_COPYING = """Are they copies?

* **Near-copies** are closer to a training image than all but 1 % of real images are. New images have about 1 %, too.
* **Authentic**: the nearest training image has another training image that is nearer to it than the generated one.
* **Copied patches**: patches of 8 by 8 pixels that lie somewhere in a training image, nearer than 1 % of real ones do.
  Generators that start from real images (`pairs`, `composer`) have many by design.
* **C_T** compares distances to the training images with those of unused images. About -3 or less means copying. Far
  above 0, the images are unlike the real ones.

By pixels, blurred images are near to everything. Look at the pairs below: no number sees every copy."""


def images(table, workdir):
    """The section on quality and copying, or None where tools.measure has not run."""
    path = workdir / measures.FILE
    if not path.exists():
        return None
    made = artefacts.read_json(path)
    for title, record in zip(measures.titles(made["sets"], workdir), made["sets"], strict=True):
        record["title"] = title
    networks = list(made["sets"][0]["quality"])
    against = "They are compared with source images that nothing was trained on."
    if made["reference_note"]:
        against = "**They are compared with the training images, so that a copy looks perfect**: "
        against += f"{markdown.literal(made['reference_note'])}."
    words = "\n".join(f"* {_NETWORKS[name]}" for name in networks)
    blocks = [Text(_QUALITY.format(networks=words, reference=against))]
    for network in networks:
        head = ("images of", "GAN seed", "n", *(names.metric_name(name, network) for name in names.SHOWN))
        lines = [(*_named(record), *_values(record["quality"][network]["overall"])) for record in made["sets"]]
        blocks.append(Table(head, tuple(lines), f"All classes, features of {network}.", "llr"))
        lines = [
            (*_named(record)[:2], name, values["fake"], *_values(values))
            for record in made["sets"]
            for name, values in list(record["quality"][network]["classes"].items())[:_CLASSES]
        ]
        note = "-: too few images for the metric's definition."
        more = Table((*head[:2], "class", *head[2:]), tuple(lines), note, "lllr")
        blocks.append(Details(f"Each class, features of {network}", (more,)))
    blocks += [Text(_COPYING), _copying(made), *_pairs(made, workdir)]
    return Section("How good and how new the images are", tuple(blocks))


def _named(record):
    seed = "-" if record["gan_seed"] is None else str(record["gan_seed"])
    return record["title"], seed, f"{record['images']:,}"


def _values(values):
    return [markdown.number(values[name], ".3g") for name in names.SHOWN]


def _copying(made):
    head, lines = ["images of", "GAN seed", "n"], []
    for space, own in made["sets"][0]["copying"].items():
        head += [f"near-copies, {space}, by {name} %" for name in own["thresholds"]]
        head += [f"authentic, {space} %", f"C_T, {space}"]
    head.append("copied patches")
    for record in made["sets"]:
        line = [*_named(record)]
        for own in record["copying"].values():
            for limit in own["thresholds"].values():
                share = 100 * limit["share"]
                line.append(Cell(f"{share:.1f}", 0.0, "bad" if share > 5 else ""))
            ct = own["ct"]
            line += [f"{100 * own['authenticity']:.1f}"]
            line.append(Cell(markdown.number(ct, "+.1f"), 0.0, "bad" if ct is not None and ct < -3 else ""))
        line.append(measure_text.copied(record.get("patches")))
        lines.append(tuple(line))
    return Table(tuple(head), tuple(lines), "Red: more than 5 % near-copies, C_T below -3.", "llr")


def _pairs(made, workdir):
    blocks = []
    for record in made["sets"]:
        path = workdir / record["pairs"]
        if path.is_file():
            name, seed, _ = _named(record)
            caption = f"{name}, GAN seed {seed}: the closest pairs, generated over its nearest training image"
            blocks.append(Image(path, caption, f"Rows of {caption}"))
    return blocks[:1] + ([Details("The closest pairs of the other sets", tuple(blocks[1:]))] if blocks[1:] else [])


def sweeps(table, workdir):
    """The section on the sweeps, or None where tools.run_sweep has not run."""
    blocks = []
    for path in sorted((workdir / "sweeps").glob("*/sweep.json")):
        made = artefacts.read_json(path)
        answer = markdown.literal(sweep_text.answer(made["sweep"], made["points"]))
        blocks.append(Text(f"**{markdown.literal(made['title'])}** {answer}"))
        drawn = path.with_name("sweep.png")
        if drawn.is_file():
            caption = f"Sweep {made['sweep']}: means with 95 % intervals"
            blocks.append(Image(drawn, caption, f"{caption}; the numbers are in sweep.csv beside it"))
    return Section("Sweeps: how many, how strict, how rare", tuple(blocks)) if blocks else None


def where(table, workdir):
    """The section of the map, or None where tools.run_map has not run."""
    path = workdir / maps.FOLDER / "map.json"
    if not path.exists():
        return None
    blocks = [Text(map_text.answer(artefacts.read_json(path), markdown.literal))]
    if path.with_name("map.png").is_file():
        caption = "Differences to the strongest row without generated images, in points; blue is better"
        blocks.append(Image(path.with_name("map.png"), caption, f"{caption}; the numbers are in map.csv beside it"))
    return Section("Where generated images help", tuple(blocks))


def relation(table, workdir):
    """The section on how quality and gain relate, or None where there are no measures."""
    path = workdir / measures.FILE
    if not path.exists():
        return None
    sets = artefacts.read_json(path)["sets"]
    found = relations.relate(sets, gains.accuracies_of(workdir, sets))
    lines = tuple(
        (
            item["metric"],
            item["n"],
            f"{item['rho']:+.2f} [{item['low']:+.2f}, {item['high']:+.2f}]",
            f"{item['p_holm']:.3f}",
        )
        for item in found["metrics"]
    )
    caption = (
        "Signs are turned so that a correlation above 0 speaks for the metric; intervals over pools, p after Holm."
    )
    head = ("metric", "pools", "rank correlation with the gain", "p, Holm")
    blocks = (Text(measure_text.relation(found)), *((Table(head, lines, caption, "lr"),) if lines else ()))
    return Section("Which metric to watch", blocks)


def advice(table, workdir):
    """The section of the advice, or None where tools.advise has not run."""
    path = workdir / ADVICE
    if not path.exists():
        return None
    made = artefacts.read_json(path)
    title = "Which row to build"
    if "tried" not in made:
        return Section(title, (Text(f"{ADVICE} is of an earlier version: run `python -m tools.advise` again."),))
    curve = [("inner splits", [p["count"] for p in made["curve"]], [p["mean"] for p in made["curve"]])]
    svg = charts.line_chart(curve, "images a class", "accuracy (%)", "The classifier's learning curve")
    chart = Chart(svg, "Means over folds and seeds.", "Accuracy by images a class; the numbers are in the table")
    head, points = ("images a class", "accuracy (%)", "sd"), made["curve"]
    lines = tuple((f"{p['count']:.0f}", f"{p['mean']:.1f}", f"{p['sd']:.1f}") for p in points)
    text = Text("\n".join(advice_text.lines(made)))
    return Section(title, (text, Table(head, lines, "", "lr"), chart))


SECTIONS = (images, sweeps, where, relation, advice)
