"""What a table found, as sections of its page: answer, rows, classes, images, judge and learning curves.

Makes no file; reads table.json and the files of the workdir that it names. Each function of (table, workdir) returns a
`Section`, or None where there is nothing to show. Accuracies are in percent, differences in percentage points, times in
minutes.
"""

import csv
import pathlib

from tfgan_aug.core import markdown
from tfgan_aug.reports import answer_text, charts, table_text
from tfgan_aug.reports.blocks import Cell, Chart, Details, Image, Section, Table, Text
from tfgan_aug.reports.method_sections import GROUPS

# More classes than these are left out of a table, curves of a chart, and cells of a sentence: it then says so.
_CLASSES, _CURVES, _CELLS = 20, 14, 12
_BASELINES = {"real": "real images alone (row 1)", "geo": "real and geometric images (row 2)"}
_SPLITS = {"test": "the source's own test split", "held_out": "the images that the subset held out, as the paper did"}
_TONES = {"helps": "good", "hurts": "bad", "not resolved": "weak"}
_NOTE = """The paper's numbers are of its own networks; "lost" ones are not in its text. **min**: minutes to make the
added images, including the GAN's training and drawing. **min / point**: the same for each point gained over real images
alone, on the split of the first table."""
_JUDGE = """The judge is a classifier that saw no test image. It takes each draw for some class. A draw is TP where that
is the intended class, and FP where it is another one. Each class is drawn until it has enough of both, so hard classes
have more draws."""


def _scores(row, split=""):
    """Returns a row's scores on a split, else on the first it has; None where it has none."""
    splits = row.get("splits") or {}
    return next((splits[name] for name in ([split] if split else _SPLITS) if name in splits), None)


def _versus(table, baseline):
    """Returns [(row, comparison)] of the rows that are compared with a baseline."""
    found = [(row, (_scores(row) or {}).get("versus", {}).get(baseline)) for row in table["rows"]]
    return [(row, versus) for row, versus in found if versus]


def _interval(versus):
    return f"{versus['difference']:+.1f} [{versus['low']:+.1f}, {versus['high']:+.1f}]"


def _baselines(table):
    """Returns {row that others are compared with: its title}: the usual ones, the strongest without generated images.

    Tables of earlier versions named none as the strongest.
    """
    strongest = table.get("strongest")
    own = {strongest: f"the strongest row without generated images (`{strongest}`)"} if strongest else {}
    return {**own, **_BASELINES}


def verdict_section(table, workdir):
    """Returns the section on which rows help, against each baseline, and what the best ones cost."""
    blocks = [Text(text) for text in (*_warnings(table), *_best(table))]
    for baseline, title in _baselines(table).items():
        compared = _versus(table, baseline)
        if not compared:
            continue
        values = [[versus[field] for _, versus in compared] for field in ("difference", "low", "high", "verdict")]
        svg = charts.interval_chart([row["name"] for row, _ in compared], *values, f"points against {title}")
        seeds = {part for _, versus in compared for part in versus["scope"].split(", ") if part}
        caption = "Differences with 95 % intervals: right of the line is better. Verdicts are after Holm's method."
        caption += f" Some rows have {' or '.join(sorted(seeds))}: no word on other seeds." if seeds else ""
        alt = f"{len(compared)} rows against {title}; the numbers are in the table below"
        text = f"Against {title}, in points with 95 % intervals:\n\n" + "\n".join(_by_verdict(compared))
        blocks += [Text(text), Chart(svg, caption, alt)]
    return Section("Which rows help", tuple(blocks)) if blocks else None


def _by_verdict(compared):
    """Yields an item of a list for each verdict: the rows that have it, those with generated images first."""
    for ours, words in ((True, "with generated images"), (False, "without, or generated images alone")):
        for verdict, said in zip(_TONES, ("Helped", "Hurt", "Not resolved"), strict=True):
            rows = [
                (r, v) for r, v in compared if v["verdict"] == verdict and answer_text.adds_generated_images(r) == ours
            ]
            if rows:
                yield f"* **{said}**, {words}: " + ", ".join(f"`{row['name']}` {_interval(v)}" for row, v in rows)


def _best(table):
    """Returns texts on the best row and the best with generated images: its cost, and what is as good for less."""
    scored, said = [row for row in table["rows"] if _scores(row)], {}
    ours = [row for row in scored if answer_text.adds_generated_images(row)]
    for words, rows in (("The most accurate row", scored), ("The best row with generated images", ours)):
        if rows:
            row = max(rows, key=lambda row: _scores(row)["mean"])
            said.setdefault(row["name"], (words, row))
    return [f"{words} is {_cost(row)}" for words, row in said.values()]


def _cost(row):
    point, cheapest = row["minutes_per_point"], row["cheapest"]
    title = "" if row["title"] == row["name"] else f" ({markdown.literal(row['title'])})"
    text = f"`{row['name']}`{title}: {_scores(row)['mean']:.1f} %. "
    if row["make_minutes"]:
        text += f"The added images took {row['make_minutes']:.1f} minutes to make"
        text += ". " if point is None else f", {point:.1f} for each point over real images alone. "
    text += f"Training took {markdown.number(row['train_minutes'])} minutes."
    if cheapest and cheapest["row"] == row["name"]:
        text += " No cheaper row is as accurate."
    elif cheapest:
        text += f" Cheaper and at least as accurate: `{cheapest['row']}`, {cheapest['accuracy']:.1f} % for "
        text += f"{cheapest['minutes']:.1f} minutes."
    return text


def _warnings(table):
    texts = []
    if table["leaking"]:
        # Tables of earlier versions named none: it was the judge.
        who = table.get("leaks", "the judge")
        leak = f"* **Warning: {who} saw the source's whole train split.**"
        texts.append(f"{leak} Rows with generated images look better than they are.")
    waiting = [f"`{row['name']}` ({cell})" for row in table["rows"] for cell in row["unfinished"]]
    if waiting:
        more = f" and {len(waiting) - _CELLS} more" if len(waiting) > _CELLS else ""
        named = f"{'; '.join(waiting[:_CELLS])}{more}"
        texts.append(
            f"* **Warning: {len(waiting)} trainings are unfinished**, and the numbers can still change: {named}."
        )
    dropped = ", ".join(f"`{row['name']}`" for row in table["rows"] if row.get("left_out"))
    if dropped:
        texts.append(f"* **Left out** for some GAN seeds, as the judge kept too few images: {dropped}.")
    texts += [f"* **Fewer images than asked for**: {markdown.literal(line)}." for line in table_text.shortfalls(table)]
    return ["\n".join(texts)] if texts else []


def row_section(table, workdir):
    """Returns the section with the table itself, on both splits."""
    blocks = []
    for split, words in _SPLITS.items():
        scored = [(row, _scores(row, split)) for row in table["rows"]]
        totals = [scores["total"] for _, scores in scored if scores]
        if not totals:
            continue
        baselines = _baselines(table)
        head = ("row", "training set", "images", "paper %", "ours %", "n", *(f"to {name}" for name in baselines))
        head += ("min", "min / point")
        caption = f"On {words}: {totals[0]:,} images. n: trainings that count. Differences in points, 95 % intervals."
        lines = tuple(_line(*pair, baselines) for pair in scored)
        blocks.append(Table(head, lines, caption, f"llrrrr{'l' * len(baselines)}rr"))
        lines = []
        for row, scores in scored:
            versus = [scores["versus"].get(name, {}) for name in baselines] if scores else []
            numbers = [markdown.number(one.get(p), ".4f") for one in versus for p in ("p", "p_holm")]
            seeds = [", ".join(map(str, row[name])) or "-" for name in ("gan_seeds", "classifier_seeds")]
            errors = (
                [markdown.number(scores["sd"], ".2f"), markdown.number(scores["se"], ".2f")]
                if scores
                else ["-"] * (2 + 2 * len(baselines))
            )
            seeds += [f"{row['done']} of {row['planned']}"]
            lines.append((row["name"], *errors, *numbers, markdown.number(row["train_minutes"]), *seeds))
        head = ("row", "sd", "se of the test set")
        head += sum(((f"p, {name}", "Holm") for name in baselines), ())
        more = Table((*head, "min to train", "GAN seeds", "classifier seeds", "done"), tuple(lines))
        blocks.append(Details(f"Errors, p values and seeds, on {words}", (more,)))
    return Section("The table", (*blocks, Text(_NOTE))) if blocks else None


def _line(row, scores, baselines):
    name = f"{row['number']} {row['name']}" if row["number"] else row["name"]
    paper = row["paper_note"] or "-" if row["paper"] is None else f"{row['paper']:.1f}"
    cells = [name, row["title"], markdown.number(row["images"], ","), paper]
    if not scores:
        return (
            *cells,
            "left out" if row.get("left_out") else "-",
            f"0 of {row['planned']}",
            *["-"] * (len(baselines) + 2),
        )
    cells += [f"{scores['mean']:.1f}" + ("" if scores["sd"] is None else f" ± {scores['sd']:.1f}"), len(row["cells"])]
    for versus in map(scores["versus"].get, baselines):
        scope = f" ({versus['scope']})" if versus and versus["scope"] else ""
        text = f"{_interval(versus)} {versus['verdict']}{scope}" if versus else "-"
        cells.append(Cell(text, 0.0, _TONES.get(versus["verdict"], "")) if versus else text)
    return (*cells, markdown.number(row["make_minutes"]), markdown.number(row["minutes_per_point"]))


def _shown(classes):
    """Returns (the labels to show, a sentence where there are more)."""
    more = f" The first {_CLASSES} of {len(classes)} classes; table.json has all." if len(classes) > _CLASSES else ""
    return range(min(len(classes), _CLASSES)), more


def class_section(table, workdir):
    """Returns the section on the rows' accuracy class by class."""
    labels, more = _shown(table["source"]["classes"])
    recalls, lines = {row["name"]: _scores(row)["recall"] for row in table["rows"] if _scores(row)}, []
    real = recalls.get("real", [None] * len(table["source"]["classes"]))
    for name, recall in recalls.items():
        lines.append([name])
        for own, other in ((recall[label], real[label]) for label in labels):
            change = None if name == "real" or None in (own, other) else own - other
            text = "" if change is None else f" ({change:+.1f})"
            lines[-1].append(Cell(markdown.number(own) + text, (change or 0.0) / 15))
    caption = "Recall (%); in brackets the difference to real in the class (points): blue is better, orange worse."
    head = ("row", *(table["source"]["classes"][label] for label in labels))
    note = "A class has few test images and nothing is tested here: read patterns, not single numbers."
    return Section("Each class", (Text(note), Table(head, tuple(lines), caption + more))) if lines else None


def grid_section(table, workdir):
    """Returns the section with the grids of images."""
    words = {"real": "real images", "geometric": "geometric images, made from the real ones"}
    verdicts = {"tp": "images that the judge kept (TP)", "fp": "images that the judge took for another class (FP)"}
    named = ", ".join(markdown.literal(name) for name in table["source"]["classes"][:_CLASSES])

    def grids(paths, suffix="", captions=words):
        for path in (workdir / path for path in paths):
            name, _, verdict = path.stem.rpartition("_")
            caption = f"{name}: {verdicts[verdict]}" if verdict in verdicts else path.stem
            caption = captions.get(path.stem, caption)
            if path.is_file():
                yield Image(path, caption + suffix, f"Grid of {caption}{suffix}, a class a row")

    blocks = list(grids(table["grids"]))
    for gan, seeds in table["gans"].items():
        made = {
            seed: tuple(grids(own["grids"], f", GAN seed {seed}", own.get("captions", {})))
            for seed, own in seeds.items()
        }
        # The first seed's stand open; more would make the page long.
        blocks += [part for seed in list(made)[:1] for part in made[seed]]
        blocks += [Details(f"{gan}, GAN seed {seed}", made[seed]) for seed in list(made)[1:] if made[seed]]
    return Section("Images", (Text(f"A class a row, from the top: {named}."), *blocks)) if blocks else None


def judge_section(table, workdir):
    """Returns the section on the draws, and what the judge made of them."""
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
            caption += f" The GAN and its draws took {markdown.number(own['minutes'])} minutes.{more}"
            made = Table(("intended", *(classes[label] for label in labels), "draws"), tuple(lines), caption)
            blocks.append(made if seed == next(iter(seeds)) else Details(f"{gan}, GAN seed {seed}", (made,)))
    return Section("What the judge kept", (Text(_JUDGE), *blocks)) if blocks else None


def _read(path):
    """Returns {column: floats} of a file of curves; {} where there is none."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        # The last line may be half written.
        lines = [line for line in csv.DictReader(file) if all(line.values())]
    return {name: [float(line[name]) for line in lines] for name in (lines[0] if lines else ())}


def _mean(paths, column):
    """Returns (steps, means over the files) at the steps that all of them have."""
    files = [dict(zip(found["step"], found[column], strict=True)) for found in map(_read, paths) if column in found]
    steps = sorted(set.intersection(*map(set, files))) if files else []
    return steps, [sum(file[step] for file in files) / len(files) for step in steps]


def curve_section(table, workdir):
    """Returns the section with the learning curves of classifiers, judge and GANs."""

    def chart(curves, y_label, title, caption):
        curves = [curve for curve in curves if curve[1]]
        caption += f" The first {_CURVES} of {len(curves)} curves." if len(curves) > _CURVES else ""
        alt = f"{title}: {y_label} by step"
        return [Chart(charts.line_chart(curves[:_CURVES], "step", y_label, title), caption, alt)] if curves else []

    blocks, losses = [], []
    for group, title in GROUPS.items():
        for column, shown in (("accuracy", blocks), ("loss", losses)):
            rows = [row for row in table["rows"] if row["group"] == group]
            paths = {row["name"]: [workdir / cell / "classifier.csv" for cell in row["cells"]] for row in rows}
            curves = [(name, *_mean(found, column)) for name, found in paths.items()]
            shown += chart(curves, f"training {column}", f"Classifiers, {title}", "A line a row, its trainings' mean.")
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
