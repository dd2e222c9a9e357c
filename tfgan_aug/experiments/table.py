"""The whole table: rows over GAN seeds and classifier seeds, by any number of workers in one workdir.

Artefacts: `datasets-<gan>-<seed>-<digest>/datasets.json` (which datasets one GAN of one seed gave, its acceptance and
confusion, its grids); a `cell-<digest>` for each row and pair of seeds (see `experiment`); `table_config.json`, what
the cells are measured with; `cells.json`, which cells there are to be and which are done.
"""

import dataclasses
import pathlib
import time

from tfgan_aug.classifiers import judges
from tfgan_aug.config import settings
from tfgan_aug.core import artefacts, workdirs
from tfgan_aug.core.errors import UserError
from tfgan_aug.datasets import augmented
from tfgan_aug.experiments import building, cells, main_job, rows

STATE = "cells.json"
_CONFIG = "table_config.json"
_POLL_SECONDS = 5.0
# What may differ between sittings: which cells to run, and where things lie.
_FREE = ("source_data_dir", "gans", "classifier.seed", "table.rows", "table.gan_seeds", "table.classifier_seeds")
_FREE += ("table.resamples",)
# Sections that no cell depends on.
_APART = ("metrics.", "sweep.", "advice.")


@dataclasses.dataclass(frozen=True)
class Choice:
    """Which cells: `rows` (a tuple of `rows.Row`), `gan_seeds` and `classifier_seeds` (ints)."""

    rows: tuple
    gan_seeds: tuple
    classifier_seeds: tuple


def choose(config, rows_text="", seeds="", gan_seeds="", classifier_seeds="", gans=""):
    """(config, `Choice`) of the options; what is empty is the config's. `seeds` stands for both kinds of seed."""
    if gans:
        config = config.copy_and_resolve_references()
        config.gans = gans
        found = settings.gan_names(config)
        if not found or not set(found) <= set(settings.GANS):
            raise UserError(f"--gans: found {gans!r}, expected one or more of {', '.join(settings.GANS)}")
    settings.check(config)
    option, text = ("--rows", rows_text) if rows_text else ("--config.table.rows", config.table.rows)
    chosen = rows.parse(option, text, settings.gan_names(config))
    found = []
    for name, given in (("gan_seeds", gan_seeds), ("classifier_seeds", classifier_seeds)):
        option, text = (f"--{name}", given) if given else ("--seeds", seeds)
        option, text = (option, text) if text else (f"--config.table.{name}", config.table[name])
        found.append(settings.parse_seeds(option, text))
    return config, Choice(tuple(chosen), *found)


class Unit:
    """The datasets that one GAN of one seed gives (`gan` "": those without a GAN), built as one piece of work."""

    def __init__(self, table, gan, seed):
        self.table, self.gan, self.seed = table, gan, seed
        chosen = {row.variant.name: row.variant for row in table.choice.rows if row.variant.gan == gan}
        self.data_dir = data_dir(table.home, seed)
        self.job = building.Building(
            table.run,
            list(chosen.values()),
            self.data_dir,
            gan_seed=seed if gan else None,
            overwrite=table.overwrite,
            allow_shortfall=table.allow_shortfall,
        )
        requests = {name: self.job.request(variant) for name, variant in chosen.items()}
        limits = [table.config.samples.max_draws_per_class, table.allow_shortfall]
        stage = f"datasets-{gan}-{seed}" if gan else "datasets-real"
        self.stage = artefacts.Stage(table.home, stage, {"variants": requests, "limits": limits if gan else []})

    def record(self):
        """What `build` wrote, or None."""
        return artefacts.read_json(self.stage.path / "datasets.json") if self.stage.done else None

    def build(self):
        """Makes the datasets and fills the stage."""
        job, gan, workdir = self.job, self.gan, self.table.workdir
        with workdirs.lock(workdir, "shared", wait=True):
            job.prepare()
        with self.stage.making() as folder:
            kept = job.build()
            main_job.save_grids(job, folder / "grids")
            record = {
                "gan": gan,
                "seed": self.seed,
                "datasets": {variant.name: job.datasets[variant.name].digest for variant in kept},
                "minutes": {variant.name: job.minutes(variant) for variant in kept},
                "left_out": [variant.name for variant in job.variants if variant not in kept],
            }
            if gan:
                stages = (job.gan_stages[gan], *job.gan_stages[gan].parts)
                record |= {
                    "stage": job.gan_stages[gan].path.name,
                    "pool": job.pool_stages[gan].path.name,
                    "judge": job.judge_stage.path.name,
                    "curves": [_inside(path, workdir) for stage in stages for path in sorted(stage.path.glob("*.csv"))],
                    "draws_tp_fp": job.acceptance(gan).counts.tolist(),
                    "confusion": job.pool(gan).confusion(len(job.source.class_names)).tolist(),
                    "gan_minutes": job.gan_stages[gan].minutes + job.pool_stages[gan].minutes,
                }
            artefacts.write_json(folder / "datasets.json", record)

    def dataset(self, variant):
        """The dataset of a variant of this finished unit; None where it was left out.

        Raises `UserError` where it is missing, or another one lies in its place.
        """
        recorded = self.record()["datasets"].get(variant.name)
        if recorded is None:
            return None
        dataset = augmented.Dataset(self.data_dir, f"{self.table.source.name}_gan_aug", variant.name)
        if dataset.digest != recorded:
            found = f"a dataset with digest {dataset.digest}" if dataset.digest else "no dataset"
            raise UserError(
                f"--workdir: found {found} in {dataset.path}, expected the one with digest {recorded}; remove "
                f"{self.stage.path} to have it written again"
            )
        return dataset


def data_dir(workdir, gan_seed):
    """The folder of the datasets of a GAN seed; of those without a GAN, where it is None."""
    return workdir / ("tensorflow_datasets" if gan_seed is None else f"tensorflow_datasets_gan_seed_{gan_seed}")


def _inside(path, workdir):
    return str(path.relative_to(workdir))


class Table:
    """The cells of a choice, and their state in a workdir that is held open (see `workdirs.open_workdir`).

    Datasets and state lie in `home`, by default the workdir: tables of other configs can so share one workdir's stages.
    """

    def __init__(self, run, choice, meta, overwrite=False, allow_shortfall=False, home=None):
        self.home = home or run.workdir
        self.run, self.choice, self.meta = run, choice, meta
        self.config, self.workdir, self.source = run.config, run.workdir, run.source
        self.overwrite, self.allow_shortfall = overwrite, allow_shortfall
        self.units = {}
        for row in choice.rows:
            for seed in self.gan_seeds(row):
                key = (row.variant.gan, seed)
                if key not in self.units:
                    self.units[key] = Unit(self, *key)

    def gan_seeds(self, row):
        """The GAN seeds of a row; (None,) where it has no GAN."""
        return self.choice.gan_seeds if row.variant.gan else (None,)

    def check(self):
        """Raises `UserError` for what would fail later, and for a workdir whose cells have another config."""
        for unit in self.units.values():
            if not unit.stage.done:
                unit.job.check()
        own, there, changed = self._changed()
        if changed and not self.overwrite:
            found = "; ".join(f"{name} was {there.get(name)!r}, is {own.get(name)!r}" for name in changed[:3])
            more = f" and {len(changed) - 3} more fields" if len(changed) > 3 else ""
            raise UserError(
                f"--workdir: found {self.workdir} with cells of another config ({found}{more}), expected the same; "
                "name another --workdir, or --overwrite to go on with this config: old cells stay and do not count"
            )

    def _changed(self):
        """(fields of this config, of the workdir's cells, names of those that differ)."""
        path, own = self.home / _CONFIG, _compared(self.config)
        there = artefacts.read_json(path) if path.exists() else own
        return own, there, sorted(name for name in own.keys() | there.keys() if own.get(name) != there.get(name))

    def begin(self):
        """Writes what the cells are measured with, and which there are to be; those of another config do not count."""
        # Workers may start at the same moment.
        with workdirs.lock(self.workdir, "config", wait=True):
            own, _, changed = self._changed()
            if changed:
                (self.home / STATE).unlink(missing_ok=True)
            artefacts.write_json(self.home / _CONFIG, own)
        self.write_state()

    def cells(self):
        """Yields (row, GAN seed, classifier seed, `Cell` or None): None where its datasets wait or were left out."""
        for row in self.choice.rows:
            for gan_seed in self.gan_seeds(row):
                unit = self.units[row.variant.gan, gan_seed]
                dataset = unit.dataset(row.variant) if unit.stage.done else None
                for seed in self.choice.classifier_seeds:
                    yield row, gan_seed, seed, self._cell(row, dataset, unit, seed) if dataset else None

    def _cell(self, row, dataset, unit, seed):
        stage = unit.job.judge_stage
        block = self.config.samples.block_size
        judge = (lambda: judges.Judge(stage.path, block)) if row.soft else None
        return cells.Cell(
            row, dataset, self.config, self.source, self.run.source_digest, seed, unit.seed, judge, stage.digest
        )

    def work(self):
        """Builds and trains until every cell is done, here or by other workers in the same workdir."""
        while True:
            worked, left = False, False
            for unit in self.units.values():
                if unit.stage.done:
                    continue
                with workdirs.lock(self.workdir, unit.stage.path.name) as mine:
                    if mine and not unit.stage.done:
                        unit.build()
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
        """Trains the cells whose datasets are there and that nobody else is at; gives whether there was any."""
        worked = False
        for _, _, _, cell in self.cells():
            stage = cell and cell.stage(self.workdir)
            if not stage or stage.done:
                continue
            with workdirs.lock(self.workdir, stage.path.name) as mine:
                if mine and not stage.done:
                    cells.make(stage, cell, self.run.strategy, self.run.progress)
                    worked = True
            self.write_state()
        return worked

    def states(self):
        """Yields (row, GAN seed, classifier seed, cell folder or "", done): a cell left out counts as done."""
        for row, gan_seed, seed, cell in self.cells():
            unit = self.units[row.variant.gan, gan_seed]
            folder = cell.stage(self.workdir).path if cell else None
            done = folder.is_dir() if folder else unit.stage.done
            yield row, gan_seed, seed, folder.name if folder else "", done

    def write_state(self):
        """Writes cells.json: the rows with their cells, what the GANs gave, and how all this was made.

        Rows and seeds of earlier sittings stay; the newest record of a GAN and seed comes first.
        """
        found = {row.name: _described(row, self) for row in self.choice.rows}
        for row, gan_seed, seed, folder, done in self.states():
            left_out = done and not folder
            found[row.name]["cells"].append(
                {"gan_seed": gan_seed, "classifier_seed": seed, "folder": folder, "left_out": left_out}
            )
        units = [unit.record() | {"folder": unit.stage.path.name} for unit in self.units.values() if unit.stage.done]
        with workdirs.lock(self.workdir, "state", wait=True):
            path = self.home / STATE
            earlier = artefacts.read_json(path) if path.exists() else {"rows": [], "units": []}
            state = {**self.meta, "rows": _merged(earlier["rows"], found), "units": units}
            folders = {unit["folder"] for unit in units}
            state["units"] += [unit for unit in earlier["units"] if unit["folder"] not in folders]
            artefacts.write_json(path, state)


def _described(row, table):
    """A row as cells.json holds it, without its cells."""
    fields = ("name", "group", "title", "number", "paper", "paper_note")
    return {
        **{name: getattr(row, name) for name in fields},
        # The paper's figures are CIFAR-10's.
        **({} if table.source.name == "cifar10" else {"paper": None, "paper_note": ""}),
        "variant": row.variant.name,
        "gan": row.variant.gan,
        "plain": not row.view(table.config, ""),
        "cells": [],
    }


def _merged(earlier, found):
    """The rows of `found` ({name: row}) and of `earlier` (rows), with the cells of both, in the table's order."""
    for row in earlier:
        own = found.setdefault(row["name"], {**row, "cells": []})
        keys = {(cell["gan_seed"], cell["classifier_seed"]) for cell in own["cells"]}
        own["cells"] += [cell for cell in row["cells"] if (cell["gan_seed"], cell["classifier_seed"]) not in keys]
    order = [row.name for row in rows.all_rows(settings.GANS)]
    # Rows of a sweep have names of their own.
    return sorted(found.values(), key=lambda row: order.index(row["name"]) if row["name"] in order else len(order))


def _compared(config):
    """{dotted name: value} of every field that a workdir's cells have in common."""
    flat = {}

    def walk(section, prefix):
        for name, value in section.items():
            if isinstance(value, dict):
                walk(value, f"{prefix}{name}.")
            elif prefix + name not in _FREE and not prefix.startswith(_APART):
                flat[prefix + name] = value

    walk(config.to_dict(), "")
    return flat


def state_of(workdir):
    """The content of a workdir's cells.json. Raises `UserError` where there is none."""
    path = pathlib.Path(workdir) / STATE
    if not path.exists():
        raise UserError(f"--workdir: found no {STATE} in {workdir}, expected the workdir of tools.run_table")
    return artefacts.read_json(path)
