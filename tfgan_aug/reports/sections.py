"""What the page of a table says: its sections, in the order of `SECTIONS`, from table.json and the workdir's files.

Makes no file. Accuracies are in percent, differences in percentage points, times in minutes.
"""

import csv
import json
import pathlib

from tfgan_aug.reports import image_sections
from tfgan_aug.reports.page import (
    Cell,
    Chart,
    Code,
    Details,
    Picture,
    Section,
    Table,
    Text,
    interval_chart,
    line_chart,
    literal,
)

# More classes than these are left out of a table, curves of a chart, and cells of a sentence: it then says so.
_CLASSES, _CURVES, _CELLS = 20, 14, 12
_BASELINES = {"real": "real images alone (row 1)", "geo": "real and geometric images (row 2)"}
_SPLITS = {"test": "the source's own test split", "held_out": "the images that the subset held out, as the paper did"}
_TONES = {"helps": "good", "hurts": "bad", "not resolved": "weak"}
_GROUPS = {"paper": "the paper's rows", "controls": "controls", "options": "options"}
# What a part of a row's name means.
_MEANINGS = {
    "geo": "real images, and new ones made from them without a GAN (`config.geometric`; `_x2`: twice as many)",
    "_tp": "also GAN images that the judge, a classifier, takes for the class they were drawn as (true positives)",
    "_fp": "also GAN images that the judge takes for another class, labelled as they were drawn (false positives)",
    "_relabeled": "false positives with the label that the judge gave them",
    "_confident": "only GAN images of which the judge is sure (`config.samples.confidence`)",
    "_quantile": "the best share of each class's draws by the judge's loss (`config.samples.quantile`)",
    "_weighted": "GAN images count less in the loss (`config.table.mixing_weight`)",
    "_pretrained": "GAN images first, then real ones (`config.table.pretrain_share`)",
    "_soft": "GAN images with the judge's probabilities as labels",
    "_cas": "GAN images alone, scored on real ones: how much of the classes they hold",
    "real_x2": "each real image twice: no new image, as many as with new ones",
    "flip_crop": "no image added; flips and crops, new ones in every step",
    "rand_augment": "no image added; Keras' RandAugment, new in every step",
}
_STATISTICS = """**How to read the numbers.** Every row is trained once for each pair of a GAN seed, which repeats all
of the GAN's training and drawing, and a classifier seed; rows without a GAN have classifier seeds alone. ± is the
standard deviation over these trainings; the test set's standard error is what no number of seeds takes away.

A difference is paired: same classifier seed, same test image. Its 95 % interval and p value come from a bootstrap that
draws GAN seeds, classifier seeds and test images afresh, widened for few seeds. Of a single seed it cannot draw: the
scope, such as "one GAN seed", says so, and the interval is then silent on other seeds. The p values of all rows against
one baseline are adjusted by Holm's method. A row **helps** or **hurts** where the adjusted p is below 5 %; else it is
**not resolved**, which does not prove that there is no difference. The intervals themselves are not adjusted."""
_NOTE = """The paper's numbers are of its own networks; "lost" ones are not in its text. min: minutes to make the added
images, the GAN's training and drawing included. min / point: these for each point over real in the first table."""
_JUDGE = """The judge is a classifier that saw no test image. Draws go on, class by class, until there are enough TP (it
names the intended class) and FP (it names another one), so hard classes have more draws."""


def sections(table, workdir):
    """The page's `Section`s; what the workdir has no files for is left out."""
    made = (make(table, pathlib.Path(workdir)) for make in SECTIONS)
    return [section for section in made if section is not None]


def lead(table):
    """The page's first paragraph: the question, the answer in one sentence, how far the work is."""
    source, rows = table["source"], table["rows"]
    images = f"{literal(source['name'])} {source['version']}, {len(source['classes'])} classes"
    done = f"{sum(row['done'] for row in rows)} of {sum(row['planned'] for row in rows)} trainings are done"
    return f"""Do images made by a GAN help a classifier that has few images to learn from? The images: {images},
{table["config"].get("train_per_class") or "all"} training images a class. {_headline(table)} {done}, of
{table["steps"]:,} steps each."""


def _scores(row, split=""):
    """A row's scores on a split, else on the first it has; None where it has none."""
    splits = row.get("splits") or {}
    return next((splits[name] for name in ([split] if split else _SPLITS) if name in splits), None)


def _versus(table, baseline):
    """[(row, comparison)] of the rows that are compared with a baseline."""
    found = [(row, (_scores(row) or {}).get("versus", {}).get(baseline)) for row in table["rows"]]
    return [(row, versus) for row, versus in found if versus]


def _adds_gan_images(row):
    # The controls with a GAN hold its images alone, to measure them.
    return bool(row["gan"]) and row["group"] != "controls"


def _number(value, form=".1f"):
    return "-" if value is None else f"{value:{form}}"


def _interval(versus):
    return f"{versus['difference']:+.1f} [{versus['low']:+.1f}, {versus['high']:+.1f}]"


def _headline(table):
    verdicts = [versus["verdict"] for row, versus in _versus(table, "real") if _adds_gan_images(row)]
    if not verdicts:
        return "**No training set with GAN images can be compared with real images alone yet.**"
    helped, hurt, open_ = (verdicts.count(verdict) or "none" for verdict in _TONES)
    start = f"**Of {len(verdicts)} training set{'s' * (len(verdicts) > 1)} with GAN images, against real images alone, "
    return f"{start}{helped} helped, {hurt} hurt, {open_} could not be told apart.**"


def _answer(table, workdir):
    blocks = [Text(text) for text in (_headline(table), *_warnings(table), *_best(table))]
    for baseline, title in _BASELINES.items():
        compared, items = _versus(table, baseline), []
        for ours, words in ((True, "with GAN images"), (False, "without, or GAN images alone")):
            for verdict, said in zip(_TONES, ("helped", "hurt", "not resolved"), strict=True):
                rows = [(r, v) for r, v in compared if v["verdict"] == verdict and _adds_gan_images(r) == ours]
                named = ", ".join(f"`{row['name']}` {_interval(versus)}" for row, versus in rows)
                items += [f"* **{said}**, {words}: {named}"] * bool(rows)
        if items:
            values = [[versus[field] for _, versus in compared] for field in ("difference", "low", "high", "verdict")]
            svg = interval_chart([row["name"] for row, _ in compared], *values, f"points against {title}")
            seeds = {part for _, versus in compared for part in versus["scope"].split(", ") if part}
            caption = "Differences with 95 % intervals: right of the line is better. Verdicts are after Holm's method."
            caption += f" Some rows have {' or '.join(sorted(seeds))}: no word on other seeds." if seeds else ""
            alt = f"{len(compared)} rows against {title}; the numbers are in the table below"
            text = f"Against {title}, in points with 95 % intervals:\n\n" + "\n".join(items)
            blocks += [Text(text), Chart(svg, caption, alt)]
    return Section("The answer", tuple(blocks))


def _best(table):
    """Sentences on the best row and the best with GAN images: what it cost, and what gives the same for less."""
    scored, said = [row for row in table["rows"] if _scores(row)], {}
    ours = [row for row in scored if _adds_gan_images(row)]
    for words, rows in (("The most accurate row", scored), ("The best row with GAN images", ours)):
        for row in sorted(rows, key=lambda row: -_scores(row)["mean"])[:1]:
            text = f"is `{row['name']}` ({literal(row['title'])}): {_scores(row)['mean']:.1f} %. Its images took "
            text += f"{_number(row['make_minutes'])} minutes to make, and {_number(row['train_minutes'])} to train on."
            point, cheapest = row["minutes_per_point"], row["cheapest"]
            text += "" if point is None else f" That is {point:.1f} minutes of making for each point over row 1."
            if cheapest:
                same = f"`{cheapest['row']}`, {cheapest['accuracy']:.1f} % for {cheapest['minutes']:.1f} minutes"
                same = "itself" if cheapest["row"] == row["name"] else same
                text += f" The cheapest means that gives the same or more: {same}."
            said.setdefault(text, words)
    return [f"{words} {text}" for text, words in said.items()]


def _warnings(table):
    leak = "It saw the source's whole train split: rows with the GAN images that it kept look better than they are."
    texts = [f"* **Warning: the judge leaks.** {leak}"] if table["leaking"] else []
    waiting = [f"`{row['name']}` ({cell})" for row in table["rows"] for cell in row["unfinished"]]
    if waiting:
        more = f" and {len(waiting) - _CELLS} more" if len(waiting) > _CELLS else ""
        named = f"{'; '.join(waiting[:_CELLS])}{more}"
        texts.append(f"* **Warning: {len(waiting)} trainings are unfinished**, what stands here can change: {named}.")
    dropped = ", ".join(f"`{row['name']}`" for row in table["rows"] if row.get("left_out"))
    if dropped:
        texts.append(f"* **Left out** for some GAN seeds, as the judge kept too few images: {dropped}.")
    return ["\n".join(texts)] if texts else []


def _table(table, workdir):
    blocks = []
    for split, words in _SPLITS.items():
        scored = [(row, _scores(row, split)) for row in table["rows"]]
        totals = [scores["total"] for _, scores in scored if scores]
        if not totals:
            continue
        head = ("row", "training set", "images", "paper %", "ours %", "n", "to real", "to geo", "min", "min / point")
        caption = f"On {words}: {totals[0]:,} images. n: trainings that count. Differences in points, 95 % intervals."
        blocks.append(Table(head, tuple(_line(*pair) for pair in scored), caption, "llrrrrllrr"))
        lines = []
        for row, scores in scored:
            versus = [scores["versus"].get(name, {}) for name in _BASELINES] if scores else []
            numbers = [_number(one.get(p), ".4f") for one in versus for p in ("p", "p_holm")]
            seeds = [", ".join(map(str, row[name])) or "-" for name in ("gan_seeds", "classifier_seeds")]
            errors = [_number(scores["sd"], ".2f"), _number(scores["se"], ".2f")] if scores else ["-"] * 6
            seeds += [f"{row['done']} of {row['planned']}"]
            lines.append((row["name"], *errors, *numbers, _number(row["train_minutes"]), *seeds))
        head = ("row", "sd", "se of the test set", "p, real", "Holm", "p, geo", "Holm", "min to train")
        more = Table((*head, "GAN seeds", "classifier seeds", "done"), tuple(lines))
        blocks.append(Details(f"Errors, p values and seeds, on {words}", (more,)))
    return Section("The table", (*blocks, Text(_NOTE))) if blocks else None


def _line(row, scores):
    name = f"{row['number']} {row['name']}" if row["number"] else row["name"]
    paper = row["paper_note"] or "-" if row["paper"] is None else f"{row['paper']:.1f}"
    cells = [name, row["title"], _number(row["images"], ","), paper]
    if not scores:
        return (*cells, "left out" if row.get("left_out") else "-", f"0 of {row['planned']}", *["-"] * 4)
    cells += [f"{scores['mean']:.1f}" + ("" if scores["sd"] is None else f" ± {scores['sd']:.1f}"), len(row["cells"])]
    for versus in map(scores["versus"].get, _BASELINES):
        scope = f" ({versus['scope']})" if versus and versus["scope"] else ""
        text = f"{_interval(versus)} {versus['verdict']}{scope}" if versus else "-"
        cells.append(Cell(text, 0.0, _TONES.get(versus["verdict"], "")) if versus else text)
    return (*cells, _number(row["make_minutes"]), _number(row["minutes_per_point"]))


def _shown(classes):
    """(the labels to show, a sentence where there are more)."""
    more = f" The first {_CLASSES} of {len(classes)} classes; table.json has all." if len(classes) > _CLASSES else ""
    return range(min(len(classes), _CLASSES)), more


def _classes(table, workdir):
    labels, more = _shown(table["source"]["classes"])
    recalls, lines = {row["name"]: _scores(row)["recall"] for row in table["rows"] if _scores(row)}, []
    real = recalls.get("real", [None] * len(table["source"]["classes"]))
    for name, recall in recalls.items():
        lines.append([name])
        for own, other in ((recall[label], real[label]) for label in labels):
            change = None if name == "real" or None in (own, other) else own - other
            text = "" if change is None else f" ({change:+.1f})"
            lines[-1].append(Cell(_number(own) + text, (change or 0.0) / 15))
    caption = "Recall (%); in brackets the difference to real in the class (points): blue is better, orange worse."
    head = ("row", *(table["source"]["classes"][label] for label in labels))
    note = "A class has few test images and nothing is tested here: read patterns, not single numbers."
    return Section("Each class", (Text(note), Table(head, tuple(lines), caption + more))) if lines else None


def _images(table, workdir):
    words = {"real": "real images", "geometric": "geometric images, made from the real ones"}
    verdicts = {"tp": "images that the judge kept (TP)", "fp": "images that the judge took for another class (FP)"}
    named = ", ".join(literal(name) for name in table["source"]["classes"][:_CLASSES])

    def pictures(paths, suffix=""):
        for path in (workdir / path for path in paths):
            name, _, verdict = path.stem.rpartition("_")
            caption = words.get(path.stem) or (f"{name}: {verdicts[verdict]}" if verdict in verdicts else path.stem)
            if path.is_file():
                yield Picture(path, caption + suffix, f"Grid of {caption}{suffix}, a class a row")

    blocks = list(pictures(table["grids"]))
    for gan, seeds in table["gans"].items():
        made = {seed: tuple(pictures(own["grids"], f", GAN seed {seed}")) for seed, own in seeds.items()}
        # The first seed's stand open; more would make the page long.
        blocks += [part for seed in list(made)[:1] for part in made[seed]]
        blocks += [Details(f"{gan}, GAN seed {seed}", made[seed]) for seed in list(made)[1:] if made[seed]]
    return Section("Images", (Text(f"A class a row, from the top: {named}."), *blocks)) if blocks else None


def _judge(table, workdir):
    classes, blocks = table["source"]["classes"], []
    labels, more = _shown(classes)
    for gan, seeds in table["gans"].items():
        head = ("class", *(f"{word}, seed {seed}" for seed in seeds for word in ("draws", "TP", "FP", "TP %")))
        lines = [[classes[label]] for label in labels]
        for line, (draws, tp, fp) in ((lines[i], own["draws_tp_fp"][i]) for own in seeds.values() for i in labels):
            share = tp / draws if draws else 0.0
            line += [f"{draws:,}", f"{tp:,}", f"{fp:,}", Cell(f"{100 * share:.1f}" if draws else "-", share)]
        blocks.append(Table(head, tuple(lines), f"{gan}: what was drawn, and what the judge made of it.{more}"))
        for seed, own in seeds.items():
            lines = []
            for label in labels:
                counts, total = own["confusion"][label], sum(own["confusion"][label])
                shares = (counts[other] / max(total, 1) for other in labels)
                lines.append((classes[label], *(Cell(f"{100 * share:.0f}", share) for share in shares), f"{total:,}"))
            caption = f"Draws by intended class (row) and the judge's (column), % of the row, {gan}, GAN seed {seed}."
            caption += f" The GAN and its draws took {_number(own['minutes'])} minutes.{more}"
            made = Table(("intended", *(classes[label] for label in labels), "draws"), tuple(lines), caption)
            blocks.append(made if seed == next(iter(seeds)) else Details(f"{gan}, GAN seed {seed}", (made,)))
    return Section("What the judge kept", (Text(_JUDGE), *blocks)) if blocks else None


def _read(path):
    """{column: floats} of a file of curves; {} where there is none."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        # The last line may be half written.
        lines = [line for line in csv.DictReader(file) if all(line.values())]
    return {name: [float(line[name]) for line in lines] for name in (lines[0] if lines else ())}


def _mean(paths, column):
    """(steps, means over the files) at the steps that all of them have."""
    files = [dict(zip(found["step"], found[column], strict=True)) for found in map(_read, paths) if column in found]
    steps = sorted(set.intersection(*map(set, files))) if files else []
    return steps, [sum(file[step] for file in files) / len(files) for step in steps]


def _curves(table, workdir):
    def chart(curves, y_label, title, caption):
        curves = [curve for curve in curves if curve[1]]
        caption += f" The first {_CURVES} of {len(curves)} curves." if len(curves) > _CURVES else ""
        alt = f"{title}: {y_label} by step"
        return [Chart(line_chart(curves[:_CURVES], "step", y_label, title), caption, alt)] if curves else []

    blocks, losses = [], []
    for group, title in _GROUPS.items():
        for column, charts in (("accuracy", blocks), ("loss", losses)):
            rows = [row for row in table["rows"] if row["group"] == group]
            paths = {row["name"]: [workdir / cell / "classifier.csv" for cell in row["cells"]] for row in rows}
            curves = [(name, *_mean(found, column)) for name, found in paths.items()]
            charts += chart(curves, f"training {column}", f"Classifiers, {title}", "A line a row, its trainings' mean.")
    blocks += [Details("The classifiers' losses", tuple(losses))] if losses else []
    judges = [(pathlib.PurePath(path).stem, *_mean([workdir / path], "accuracy")) for path in table["judge_curves"]]
    blocks += chart(judges, "training accuracy", "The judge", "A line a member.")
    for gan, seeds in table["gans"].items():
        stages = {}
        for seed, path in ((seed, path) for seed, own in seeds.items() for path in own["curves"]):
            stage = pathlib.PurePath(path).parent.name.rpartition("-")[0]
            for name, values in (columns := _read(workdir / path)).items():
                kind = "loss" if "loss" in name else "share" if name.startswith(("d_real", "d_gen", "accuracy")) else ""
                stages.setdefault((stage, kind), []).append((f"{name}, seed {seed}", columns["step"], values))
        for (stage, kind), curves in stages.items():
            words = {"loss": "d: discriminator, g: generator.", "share": "What it takes for real, or gets right."}
            blocks += chart(curves, kind, f"{gan}: {stage}", words[kind]) if kind else []
    text = "Accuracies and losses are those on the training images: they show whether training had settled."
    return Section("Learning curves", (Text(text), *blocks)) if blocks else None


def _how(table, workdir):
    source, rows = table["source"], table["rows"]
    parts = [f"* `{part}`: {text}." for part, text in _MEANINGS.items() if any(part in row["name"] for row in rows)]
    images = f"{literal(source['name'])} {source['version']} (license: {literal(source['license'] or 'not named')})"
    text = f"""A small subset of {images} is drawn. A GAN and a judge learn from it; the GAN draws images, the judge
sorts them. Each row trains the same classifier for {table["steps"]:,} steps, on a training set of its own:

* `real`: the subset's images alone."""
    departures = ["**Where this departs from the paper:**", "", *(f"* {literal(line)}" for line in table["deviations"])]
    lines = tuple((r["name"], r["title"], _GROUPS.get(r["group"], r["group"]), r["dataset"]) for r in rows)
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


def _again(table, workdir):
    digests = [("subset", "-", table["subset_digest"]), ("config", "-", table["config_digest"])]
    digests += [(row["name"], seed, digest) for row in table["rows"] for seed, digest in row["digests"].items()]
    text = "In a clone of this library, with its requirements installed (what is finished is not made again):"
    config = Details("The config", (Code(json.dumps(table["config"], indent=2, sort_keys=True), "json"),))
    made = Table(("of", "GAN seed", "digest"), tuple(digests), "Equal digests: the same images and labels.", "l")
    return Section("Do it again", (Text(text), Code(table["command"], "bash"), config, Details("The digests", (made,))))


# One entry a section: a function of (table, workdir) that gives a `Section`, or None where there is nothing to show.
SECTIONS = (_answer, _table, _classes, _images, *image_sections.SECTIONS, _judge, _curves, _how, _again)
