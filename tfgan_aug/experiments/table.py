"""The whole table: rows over GAN seeds and classifier seeds, by any number of workers in one workdir.

Artefacts: what `gan_datasets` makes for each GAN and seed; a `cell-<digest>` for each row and pair of seeds (see
`cells`); `table_config.json`, what the cells are measured with; `cells.json`, which cells there are to be and which are
done.
"""

import dataclasses
import pathlib
import time

from tfgan_aug.config import GANS, ExperimentConfig
from tfgan_aug.core import artefacts, fields, workdirs
from tfgan_aug.core.errors import UserError
from tfgan_aug.evaluation import resampling
from tfgan_aug.experiments import cells, rows
from tfgan_aug.experiments.gan_datasets import GANDatasets
from tfgan_aug.training import strategies

STATE = "cells.json"
_CONFIG = "table_config.json"
_POLL_SECONDS = 5.0
# What may differ between sittings: which cells to run, and where things lie.
_FREE = ("source_data_dir", "gans", "classifier.seed", "table.rows", "table.gan_seeds", "table.classifier_seeds")
_FREE += ("table.resamples", "table.claim_folds")
# Sections that no cell depends on.
_APART = ("metrics.", "sweep.", "advice.", "map.")


@dataclasses.dataclass(frozen=True)
class Choice:
    """Which cells: `rows` (a tuple of `rows.Row`), `gan_seeds` and `classifier_seeds` (ints)."""

    rows: tuple
    gan_seeds: tuple
    classifier_seeds: tuple


def choose(config, rows_text="", seeds="", gan_seeds="", classifier_seeds="", gans=""):
    """Returns (config, `Choice`) of the options; what is empty is the config's. `seeds` stands for both kinds."""
    if gans:
        config = fields.replaced(config, {"gans": gans})
        if not config.gans or not set(config.gans) <= set(GANS):
            raise UserError(f"--gans: found {gans!r}, expected one or more of {', '.join(GANS)}")
    fields.check(config)
    option, wanted = ("--rows", rows_text) if rows_text else ("--config.table.rows", config.table.rows)
    chosen = rows.parse(option, wanted, config.gans)
    found = []
    for name, given in (("gan_seeds", gan_seeds), ("classifier_seeds", classifier_seeds)):
        option, text = (f"--{name}", given) if given else ("--seeds", seeds)
        found.append(fields.parse_seeds(option, text) if text else getattr(config.table, name))
    return config, Choice(tuple(chosen), *found)


class Table:
    """The cells of a choice, and their state in the workdir of a run, which is held open.

    Datasets and state lie in `output_folder`, by default the workdir: tables of other configs can so share one
    workdir's stages. `described` says how the table is made, for cells.json.
    """

    def __init__(self, run, choice, described, overwrite=False, allow_shortfall=False, output_folder=None):
        self.run, self.choice, self.described, self.overwrite = run, choice, described, overwrite
        self.allow_shortfall, self._claim = allow_shortfall, None
        self.output_folder = output_folder or run.workdir
        self._tuned = self._read_tuned()
        chosen = {}
        for row in choice.rows:
            for seed in self.gan_seeds(row):
                chosen.setdefault((row.variant.gan, seed), {})[row.variant.name] = row.variant
        self.gan_datasets = {
            (gan, seed): GANDatasets(run, list(found.values()), seed, self.output_folder, allow_shortfall)
            for (gan, seed), found in chosen.items()
        }

    def gan_seeds(self, row):
        """Returns the GAN seeds of a row; (None,) where it has no GAN."""
        return self.choice.gan_seeds if row.variant.gan else (None,)

    def check(self, tried=None):
        """Raises `UserError` for what would fail later, and for a workdir whose cells have another config or images.

        `tried` as in `plans.Plan.check`.
        """
        self._check_resamples()
        if not cells.splits(self.run):
            raise UserError(
                "--config.test_per_class: found 0 and a source without a test split, expected images to score on"
            )
        for made in self.gan_datasets.values():
            if not made.stage.done:
                made.plan.check(self.overwrite, self.allow_shortfall, tried)
        self._check_rows()
        self._check_changes(self._changed()[1])

    def _check_changes(self, changed):
        """Raises `UserError` for a workdir whose cells have another config or images, unless these do not count."""
        if changed and not self.overwrite:
            found = "; ".join(f"{name} was {was!r}, is {now!r}" for name, (was, now) in list(changed.items())[:3])
            more = f" and {len(changed) - 3} more fields" if len(changed) > 3 else ""
            raise UserError(
                f"--workdir: found {self.run.workdir} with cells of another config ({found}{more}), expected the same; "
                "name another --workdir, or --overwrite to go on with this config: old cells stay and do not count"
            )

    def _check_resamples(self):
        resamples, earlier = self.run.config.table.resamples, self._earlier()["rows"]
        compared = len({row.name for row in self.choice.rows} | {row["name"] for row in earlier}) - 1
        least = resampling.least_resamples(compared)
        if resamples < least:
            raise UserError(
                f"--config.table.resamples: found {resamples}, expected {least} or more: with fewer no p value of the "
                f"{compared} rows compared with a baseline could stay below 5 % after Holm's correction"
            )

    def _check_rows(self):
        """Raises `UserError` for rows that cannot train: on generated images alone, in two phases, on a stream."""
        section, share, batches = self.run.config.classifier, self.run.config.table.pretrain_share, []
        for row in self.choice.rows:
            if reason := cells.refusal(self.run, row):
                raise UserError(reason)
            if row.take == "generated" or row.pretrained:
                plan = self.gan_datasets[row.variant.gan, self.choice.gan_seeds[0]].plan
                count = int(sum(quota.sum() for quota in row.variant.quotas(plan.per_class).values()))
                words = f"generated images of row {row.name}"
                batches.append(("--config.classifier.batch_size", section.batch_size, count, words))
            if row.pretrained and not 0 < round(section.steps * share) < section.steps:
                raise UserError(
                    f"--config.table.pretrain_share: found {share} of {section.steps} steps, expected one or more on "
                    f"each side in row {row.name}"
                )
        strategies.check_batch_sizes(batches, self.run.strategy)

    def _changed(self):
        """Returns (fields of this config and digests of its images, {those that differ: (the cells', this one's)})."""
        path, own = self.output_folder / _CONFIG, compared(self.run.config)
        own |= {"training images": self.run.subset_stage.digest, "test images": self.run.source.test_digest[:16]}
        there = artefacts.read_json(path) if path.exists() else own
        # What is late is missing where it has its default.
        defaults = {leaf.name: fields.text(leaf.value) for leaf in fields.leaves(ExperimentConfig())}
        names = own.keys() | there.keys() & defaults.keys()
        values = {name: [found.get(name, defaults.get(name)) for found in (there, own)] for name in sorted(names)}
        return own, {name: (was, now) for name, (was, now) in values.items() if was != now}

    def untuned(self):
        """Returns the rows whose classifier's settings are to be chosen, by `tuning`, and are not yet."""
        tuned = self.run.config.table.protocol == "tuned"
        trained = [row for row in self.choice.rows if row.take != "none"]
        return [row for row in trained if (tuned or row.tuned) and row.name not in self._tuned]

    def settle(self, row, chosen):
        """Writes the settings of a row into the state: what `tuning.choose` returned."""
        self._tuned[row.name] = chosen
        self.write_state()

    def run_of(self, row):
        """Returns the run of a row's cells: of the config, or of the settings that were chosen for the row."""
        changes = self._tuned.get(row.name, {}).get("changes", {})
        return dataclasses.replace(self.run, config=fields.replaced(self.run.config, changes)) if changes else self.run

    def minutes(self):
        """Minutes that the datasets and what they are made of took, over all runs."""
        found = [made.record()["minutes"].values() for made in self.gan_datasets.values() if made.stage.done]
        return sum(max(minutes, default=0.0) for minutes in found)

    @property
    def claimed(self):
        """The claim of this or an earlier sitting, see `claim`; None without one."""
        return self._earlier().get("claimed")

    def _read_tuned(self):
        return {row["name"]: row["tuned"] for row in self._earlier()["rows"] if row.get("tuned")}

    def _earlier(self):
        """The state that an earlier sitting left."""
        path = self.output_folder / STATE
        return artefacts.read_json(path) if path.exists() else {"rows": [], "units": []}

    def check_claim(self):
        """Raises `UserError` where cells were scored before: a row claimed now would be no choice made before."""
        # Those of other commands, too, which may be in no state of a table.
        done = sum(path.is_dir() and path.suffix != ".partial" for path in self.run.workdir.glob("cell-*"))
        if done and not self.claimed:
            raise UserError(
                f"--claim: found {done} cells in {self.run.workdir} that are scored on test images already, expected "
                "none: name another --workdir"
            )

    def claim(self, found):
        """Writes the claim into the state, before a cell is there: a row, what it is compared with, and why."""
        self._claim = found
        self.write_state()

    def begin(self):
        """Writes what the cells are measured with, and which there are to be; those of another config do not count."""
        # Workers may start at the same moment.
        with workdirs.lock(self.run.workdir, "config", wait=True):
            own, changed = self._changed()
            # Another run may have begun since `check`.
            self._check_changes(changed)
            if changed:
                (self.output_folder / STATE).unlink(missing_ok=True)
            artefacts.write_json(self.output_folder / _CONFIG, own)
        self._tuned = self._read_tuned()
        self.write_state()

    def cells(self):
        """Yields (row, GAN seed, classifier seed, `Cell` or None): None where its datasets wait or were left out."""
        for row in self.choice.rows:
            for gan_seed in self.gan_seeds(row):
                made = self.gan_datasets[row.variant.gan, gan_seed]
                dataset = made.dataset(row.variant) if made.stage.done else None
                for seed in self.choice.classifier_seeds:
                    stages = made.plan.judge_stage, made.plan.gan_stages.get(row.variant.gan)
                    # Not before its settings are known.
                    there = dataset and row not in self.untuned()
                    cell = cells.Cell(self.run_of(row), row, dataset, seed, gan_seed, *stages) if there else None
                    yield row, gan_seed, seed, cell

    def work(self):
        """Builds and trains until every cell is done, here or by other workers in the same workdir."""
        while True:
            worked, left = False, False
            for made in self.gan_datasets.values():
                if made.stage.done:
                    continue
                with made.stage.lock() as mine:
                    if mine and not made.stage.done:
                        made.make(self.overwrite)
                        worked = True
                    left = left or not mine
                worked = self._train() or worked
            worked = self._train() or worked
            self.write_state()
            if not left and all(done for *_, done in self.states()):
                return
            if not worked:
                time.sleep(_POLL_SECONDS)

    def _train(self):
        """Trains the cells whose datasets are there and that nobody else is at; returns whether there was any."""
        worked = False
        for _, _, _, cell in self.cells():
            stage = cell and cell.stage()
            if not stage or stage.done:
                continue
            with stage.lock() as mine:
                if mine and not stage.done:
                    cells.make(stage, cell)
                    worked = True
            self.write_state()
        return worked

    def states(self):
        """Yields (row, GAN seed, classifier seed, cell folder or "", done): a cell left out counts as done."""
        for row, gan_seed, seed, cell in self.cells():
            folder = cell.stage().path if cell else None
            left_out = self.gan_datasets[row.variant.gan, gan_seed].stage.done and row not in self.untuned()
            done = folder.is_dir() if folder else left_out
            yield row, gan_seed, seed, folder.name if folder else "", done

    def write_state(self):
        """Writes cells.json: the rows with their cells, what the GANs gave, and how all this was made.

        Rows and seeds of earlier sittings stay; the newest record of a GAN and seed comes first.
        """
        with workdirs.lock(self.run.workdir, "state", wait=True):
            self._write_state()

    def _write_state(self):
        # What other workers settled stays.
        self._tuned = self._read_tuned() | self._tuned
        found = {row.name: _described(row, self.run, self._tuned.get(row.name)) for row in self.choice.rows}
        for row, gan_seed, seed, folder, done in self.states():
            left_out = done and not folder
            found[row.name]["cells"].append(
                {"gan_seed": gan_seed, "classifier_seed": seed, "folder": folder, "left_out": left_out}
            )
        done = [made for made in self.gan_datasets.values() if made.stage.done]
        gave = [made.record() | {"folder": made.stage.path.name} for made in done]
        earlier = self._earlier()
        folders = {record["folder"] for record in gave}
        gave += [record for record in earlier["units"] if record["folder"] not in folders]
        # The first claim stands.
        claimed = earlier.get("claimed") or self._claim
        about = {**self.described, **({"claimed": claimed} if claimed else {})}
        artefacts.write_json(
            self.output_folder / STATE, {**about, "rows": _merged(earlier["rows"], found), "units": gave}
        )


def _described(row, run, tuned):
    """Returns a row as cells.json holds it, without its cells."""
    fields = ("name", "group", "title", "number", "paper", "paper_note")
    return {
        **{name: getattr(row, name) for name in fields},
        # The paper's figures are CIFAR-10's.
        **({} if run.source.name == "cifar10" else {"paper": None, "paper_note": ""}),
        "variant": row.variant.name,
        "gan": row.variant.gan,
        "plain": not (tuned or row.use(run.config, "")),
        **({"tuned": tuned} if tuned else {}),
        "cells": [],
    }


def _merged(earlier, found):
    """Returns the rows of `found` ({name: row}) and of `earlier` (rows), with the cells of both, in order."""
    for row in earlier:
        own = found.setdefault(row["name"], {**row, "cells": []})
        keys = {(cell["gan_seed"], cell["classifier_seed"]) for cell in own["cells"]}
        own["cells"] += [cell for cell in row["cells"] if (cell["gan_seed"], cell["classifier_seed"]) not in keys]
    order = [row.name for row in rows.all_rows(GANS)]
    # Rows of a sweep have names of their own.
    return sorted(found.values(), key=lambda row: order.index(row["name"]) if row["name"] in order else len(order))


def compared(config):
    """Returns {dotted name: value} of every field that a workdir's cells have in common."""
    return {
        leaf.name: fields.text(leaf.value)
        for leaf in fields.leaves(config)
        if leaf.changes_result and leaf.name not in _FREE and not leaf.name.startswith(_APART)
    }


def state_of(workdir):
    """Returns the content of a workdir's cells.json. Raises `UserError` where there is none."""
    path = pathlib.Path(workdir) / STATE
    if not path.exists():
        raise UserError(f"--workdir: found no {STATE} in {workdir}, expected the workdir of tools.run_table")
    return artefacts.read_json(path)
