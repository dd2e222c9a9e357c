"""The answer in plain words: whether generated images helped, the two numbers, and what to use. Makes no file."""

import dataclasses

from tfgan_aug.core import markdown
from tfgan_aug.experiments import summaries

# What a training set without generated images is, for a person.
_PLAIN = {
    "real": "the real images alone",
    "real_x2": "the real images, each twice",
    "geo": "the real images and geometric images made from them",
    "geo_x2": "the real images and twice as many geometric images made from them",
    "flip_crop": "the real images with flips and shifts",
    "rand_augment": "the real images with RandAugment",
    "colours": "the real images in other colours",
    "augmented": "the real images with cheap transforms",
    "trivial_augment": "the real images, one random transform for each",
    "real_tuned": "the real images alone, their training tuned",
    "real_soft": "the real images with a judge's probabilities for labels",
    "balanced": "the real images, rare classes as often as others",
    "pixel_mix": "the real images, some put together from two of a class",
    "mixup": "the real images, each blended with another",
    "cutmix": "the real images, a box of another in each",
}
# What generated images did, by verdict.
_PAST = {"helps": "helped", "hurts": "hurt", "not resolved": "made no clear difference"}


@dataclasses.dataclass(frozen=True)
class Compared:
    """A row with generated images beside the strongest one without them; accuracies in percent.

    `baseline` is the name of that one, `verdict` helps, hurts or not resolved.
    """

    name: str
    accuracy: float
    baseline: str
    without: float
    verdict: str

    @property
    def numbers(self):
        """Returns the two numbers in words."""
        words = _PLAIN.get(self.baseline, "the best training set without them")
        named = "" if self.baseline == "real" else f" (`{self.baseline}`)"
        return f"{self.accuracy:.1f} % instead of {self.without:.1f} % with {words}{named}"


def plain_words(name):
    """Returns the words for a training set without generated images, by its row's name."""
    return f"{_PLAIN[name]} (`{name}`)" if name in _PLAIN else f"`{name}`"


def verdict(found):
    """Returns one or two sentences of Markdown on `Compared` rows: whether generated images helped, two numbers."""
    if not found:
        return "**No training set with generated images can be compared with one without them yet.**"
    best, counts = max(found, key=lambda one: one.accuracy - one.without), _counts(found)
    if len(found) == 1 and best.verdict == "not resolved":
        return (
            f"**It is open whether generated images help:** {best.numbers}. The difference may be chance; more seeds "
            "can tell."
        )
    if len(found) == 1:
        return f"**Generated images {_PAST[best.verdict]}: {best.numbers}.**"
    which = f"The best of them, `{best.name}`, reaches {best.numbers}."
    if counts == {"not resolved": len(found)}:
        return (
            f"**It is open whether generated images help: none of {len(found)} training sets with them differs clearly "
            f"from the best one without them.** {which}"
        )
    if len(counts) == 1:
        return f"**Generated images {_PAST[best.verdict]} in all {len(found)} training sets.** {which}"
    parts = [f"{_PAST[name]} in {count}" for name, count in counts.items()]
    parts[0] += f" of {len(found)} training sets"
    return f"**Generated images {', '.join(parts[:-1])} and {parts[-1]}.** {which}"


def to_try(found):
    """Returns a sentence of Markdown on what to try after one training of each of the `Compared` training sets."""
    if any(one.verdict == "helps" for one in found):
        return "Next: see whether that holds over seeds and beside more controls, with the command below."
    gan = found[0].name.split("_")[0]
    others = {
        "pairs": "`--config.gans=pairs`, which starts from real images (characters); ",
        "coupled": "`--config.gans=coupled`, whose discriminator is the classifier (photographs of one kind); ",
    }
    others = "".join(words for name, words in others.items() if name != gan)
    return (
        f"To try: {others}images new in every step (row `{gan}_fresh`); fewer generated images "
        "(`--config.samples.per_class`); a generator that trains longer. `python -m tools.advise` tells in minutes "
        "what is worth it here."
    )


def claim(claimed):
    """Returns sentences of Markdown on what a table claimed before it was scored; "" where it claimed nothing."""
    if not claimed:
        return ""
    of_fold = claimed["inner"]["rows"][claimed["row"]]["versus"][claimed["against"]]
    said = (
        f"Claimed on {claimed['inner']['folds']} inner splits, before test images were read: `{claimed['row']}` "
        f"against `{claimed['against']}` ({of_fold['difference']:+.1f} points there)."
    )
    found = claimed["found"]
    if not found:
        return f"{said} It is not tested yet."
    words = {"helps": "The claim holds", "hurts": "The claim is wrong", "not resolved": "The claim stays open"}
    return (
        f"{said} **{words[found['verdict']]}: {found['difference']:+.1f} points, 95 % {found['low']:+.1f} to "
        f"{found['high']:+.1f}.** A single difference, chosen before, needs no correction."
    )


def _counts(found):
    counts = {name: sum(one.verdict == name for one in found) for name in _PAST}
    return {name: count for name, count in counts.items() if count}


def advice(accuracies, verdicts, titles):
    """Returns a sentence or two of Markdown: which row to use, of those that are there. "" without real images alone.

    `accuracies` are {row: percent}, `verdicts` {row: against real images alone}, `titles` {row: text}.
    """
    if "real" not in accuracies:
        return ""
    top = max(accuracies, key=accuracies.get)
    if top == "real" or accuracies[top] == accuracies["real"]:
        if len(accuracies) == 1:
            return ""
        return "Use the real images alone: nothing here is more accurate."
    if verdicts.get(top) == "helps":
        return f"Use {_words(top, titles)}: {accuracies[top]:.1f} %, the most accurate."
    sure = [name for name in accuracies if verdicts.get(name) == "helps"]
    kept = max(sure, key=accuracies.get) if sure else "real"
    return (
        f"The most accurate is `{top}`, {accuracies[top]:.1f} %, but it may owe that to chance. Until more seeds tell, "
        f"use {_words(kept, titles)}: {accuracies[kept]:.1f} %."
    )


def _words(name, titles):
    if name == "real":
        return _PLAIN[name]
    return f"{_PLAIN[name]} (`{name}`)" if name in _PLAIN else f"`{name}` ({markdown.literal(titles[name])})"


def adds_generated_images(row):
    """Returns whether a row of table.json trains on real and generated images, see `rows.Row`."""
    return bool(row["gan"]) and row["group"] != "controls"


def of_table(table):
    """Returns the answer of a table, sentences of Markdown: verdict, numbers, what to use, how sure that is."""
    scored = {row["name"]: (row, summaries.primary(row)) for row in table["rows"] if summaries.primary(row)}
    # Tables of earlier versions named none.
    baseline = table.get("strongest") or "real"
    found, scopes = [], set()
    for name, (row, scores) in scored.items():
        versus = scores["versus"].get(baseline)
        if versus and adds_generated_images(row):
            without = summaries.primary(scored[baseline][0])["mean"]
            found.append(Compared(name, scores["mean"], baseline, without, versus["verdict"]))
            scopes |= {part for part in versus["scope"].split(", ") if part}
    usable = {name: pair for name, pair in scored.items() if adds_generated_images(pair[0]) or not pair[0]["gan"]}
    against = {name: scores["versus"].get("real", {}).get("verdict") for name, (_, scores) in usable.items()}
    accuracies = {name: scores["mean"] for name, (_, scores) in usable.items()}
    parts = [verdict(found), advice(accuracies, against, {name: row["title"] for name, (row, _) in usable.items()})]
    parts.append(claim(table.get("claimed")))
    if scopes:
        parts.append(f"This rests on {' and '.join(sorted(scopes))}: others may differ.")
    return " ".join(part for part in parts if part)
