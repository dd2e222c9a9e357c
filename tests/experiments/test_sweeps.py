"""Sweeps: their points, what a point measures, files, resuming; the options of subsets, rules and rows they need."""

import csv

import numpy as np
import pytest
import tensorflow_datasets as tfds
import tiny
from PIL import Image

from tfgan_aug.classifiers import judges
from tfgan_aug.commands import run_sweep
from tfgan_aug.core import artefacts
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import sources, subsets
from tfgan_aug.experiments import cells, rows, sweeps
from tfgan_aug.reports import sweep_text
from tfgan_aug.sampling import rules


@pytest.fixture(autouse=True)
def any_judge(monkeypatch):
    monkeypatch.setattr(judges, "Judge", tiny.AnyJudge)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures") / "colours"
    tiny.save_images(folder / "train", {"blue": 12, "green": 12, "red": 12})
    tiny.save_images(folder / "test", {"blue": 4, "green": 5, "red": 6}, first=50)
    return folder


def config_of(root, **fields):
    return tiny.config(f"folder:{root}", **{"table__resamples": 1000, **fields})


def run(root, workdir, sweep, config=None, **options):
    picked = {"gan_seeds": "0", "classifier_seeds": "0,1", **options}
    return run_sweep.run(config or config_of(root), run_sweep.Options(sweep=sweep, workdir=str(workdir), **picked))


def points(name, available=10, **fields):
    return sweeps.points(name, config_of("x", **fields), available, 3)


def test_points_by_hand():
    made = points("generated", sweep__generated="0.5,2")
    assert [(p.x, p.config.samples.per_class, p.config.samples.max_draws_per_class) for p in made] == [
        (0.5, 3, 200),
        (2, 12, 400),
    ]
    made = points("ratio", sweep__ratio="0,0.25")
    assert [(p.rows[0].generated_share, p.rows[0].geometric_share) for p in made] == [(0, 1), (0.25, 0.75)]
    # More than there are: all there are, once.
    made = points("real", sweep__real="5,500,600")
    assert [(p.x, p.curve) for p in made] == [(5, "geo"), (5, "dcgan"), (10, "geo"), (10, "dcgan")]
    assert [p.config.sgan.stacks for p in points("stacks", sweep__stacks="1,3")] == [1, 3]
    made = points("threshold", sweep__threshold="0,0.5", sweep__margins="-1:0,0:1")
    assert [p.label for p in made] == ["confidence 0", "confidence 0.5", "margin -1:0", "margin 0:1", "FP"]
    made = points("conditional", sweep__conditional="0,1")
    assert [(p.x, p.rows[0].name) for p in made] == [(0, "sgan_tp"), (0, "sgan_fp"), (1, "sgan_tp"), (1, "sgan_fp")]
    made = points("budget", sweep__budget="0.5,1", dcgan__steps=40)
    assert [p.config.dcgan.steps for p in made] == [20, 40] and [p.config.sgan.image_steps for p in made] == [1, 2]
    made = points("rare", rare_class="red")
    assert [p.label for p in made] == ["not cut", "cut", "cut, repeated", "cut, filled by dcgan"]
    assert [p.config.rare_class for p in made] == ["", "red", "red", "red"]
    # Another sweep of the same command is not cut.
    assert {p.config.rare_class for p in points("ratio", rare_class="red")} == {""}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sweeps.parse("ratios"), "--sweep: found 'ratios', expected some of generated, ratio"),
        (lambda: sweeps.parse(""), "--sweep: found ''"),
        (lambda: points("generated", sweep__generated="0.01"), "--config.sweep.generated: found 0.01"),
        (lambda: points("ratio", sweep__ratio="2"), "--config.sweep.ratio: found 2"),
        (lambda: points("ratio", sweep__ratio="half"), "--config.sweep.ratio: found 'half'"),
        (lambda: points("real", sweep__real="0"), "--config.sweep.real: found 0"),
        (lambda: points("budget", sweep__budget="1.5"), "--config.sweep.budget: found 1.5"),
        (lambda: points("threshold", sweep__margins="1:0"), "--config.sweep.margins: found '1:0'"),
        (lambda: points("ratio", samples__margins="x"), "--config.samples.margins: found 'x'"),
    ],
)
def test_points_that_cannot_be(call, words):
    with pytest.raises(UserError, match=words):
        call()


def test_all_names_every_sweep():
    assert sweeps.parse("all") == list(sweeps.SWEEPS) and sweeps.parse("real, ratio") == ["real", "ratio"]


def test_a_rare_class_keeps_its_first_images(root):
    source = sources.open_configured(config_of(root))
    whole = subsets.read(source, config_of(root))
    cut = subsets.read(source, config_of(root, rare_class="green", rare_share=0.34))
    assert cut.train.counts(3).tolist() == [6, 2, 6] and cut.held_out.ids == whole.held_out.ids
    green = [name for name, label in zip(whole.train.ids, whole.train.labels, strict=True) if label == 1]
    assert [name for name in cut.train.ids if name in green] == green[:2]
    assert subsets.read(source, config_of(root, rare_class="green", rare_share=0.01)).train.counts(3)[1] == 1
    with pytest.raises(UserError, match="--config.rare_class: found 'pink', expected one of blue, green, red"):
        subsets.read(source, config_of(root, rare_class="pink"))


def test_margins_by_hand():
    probabilities = np.array([[0.75, 0.25, 0.0], [0.4, 0.5, 0.1], [0.1, 0.0, 0.9], [1.0, 0.0, 0.0]])
    np.testing.assert_allclose(rules.margins(0, probabilities), [0.5, -0.1, -0.8, 1.0])
    assert rules.MarginRule(-0.2, 0.5).verdicts(0, probabilities).tolist() == [0, 1, 2, 0]
    assert rules.MarginRule(0.5, 1.0).verdicts(0, probabilities).tolist() == [1, 2, 2, 1]


class Rows:
    """A dataset of three classes: 4, 2 and 1 real images, each class 4 generated and 4 geometric ones."""

    def load(self, split, *names):
        made = [(label, "real", f"real-{label}-{i}") for label, count in enumerate((4, 2, 1)) for i in range(count)]
        for origin in ("dcgan", "geometric"):
            made += [(label, origin, f"{origin}-{label}-{i}") for i in (2, 0, 3, 1) for label in range(3)]
        label, origin, name = map(np.array, zip(*made, strict=True))
        self.ids = name
        arrays = {"label": label, "origin": origin, "id": name, "image": np.arange(len(name))}
        return tuple(arrays[field] for field in names)


def ids_of(**fields):
    row, data = rows.Row("x", "options", "x", None, **fields), Rows()
    (((images, labels), _),) = row.phases(data, config_of("x"))
    return [str(name) for name in data.ids[images]], labels


def test_shares_keep_the_first_ids_of_each_class():
    names, _ = ids_of(generated_share=0.25, geometric_share=0.5)
    added = sorted(name for name in names if not name.startswith("real"))
    assert added == sorted(
        [f"dcgan-{c}-0" for c in range(3)] + [f"geometric-{c}-{i}" for c in range(3) for i in (0, 1)]
    )
    assert sum(name.startswith("real") for name in names) == 7
    assert len(ids_of()[0]) == 31


def test_balanced_repeats_rare_classes():
    names, labels = ids_of(balanced=True, generated_share=0.0, geometric_share=0.0)
    assert np.bincount(labels).tolist() == [4, 4, 4] and names.count("real-2-0") == 4 and names.count("real-1-1") == 2


@pytest.fixture(scope="module")
def swept(root, tmp_path_factory):
    workdir = tmp_path_factory.mktemp("swept") / "work"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judges, "Judge", tiny.AnyJudge)
        config = config_of(root, sweep__ratio="0,0.5", rare_class="red")
        return workdir, config, run(root, workdir, "ratio,rare", config)


def test_a_point_is_the_mean_of_its_cells_less_that_of_real(swept):
    workdir, _, _ = swept
    made = artefacts.read_json(workdir / "sweeps" / "ratio" / "sweep.json")
    results = [artefacts.read_json(path) for path in workdir.glob("cell-*/result.json")]

    def mean(row, images):
        own = [r for r in results if r["row"] == row and r["images"] == images]
        assert len(own) == 2
        return 100 * np.mean([cells.accuracy(result["test"])[0] for result in own])

    for point, images in zip(made["points"], (36, 36), strict=True):
        assert (point["images"], point["cells"]) == (images, 2)
        assert point["mean"] == pytest.approx(mean(point["row"], images))
        assert point["difference"] == pytest.approx(point["mean"] - mean("real", 18))
        assert point["low"] <= point["difference"] <= point["high"]
    assert sweep_text.answer("ratio", made["points"]).startswith("The best point is dcgan at ")


def test_the_rare_class_has_its_own_curve(swept):
    workdir, _, _ = swept
    made = artefacts.read_json(workdir / "sweeps" / "rare" / "sweep.json")["points"]
    # 6 a class; one class cut to a tenth of 6, then repeated or filled up to 6.
    assert [point["images"] for point in made] == [18, 13, 18, 18]
    assert all(0 <= point["recall"] <= 100 for point in made)
    assert [point["recall_difference"] is None for point in made] == [True, True, False, False]
    # The judge of these tests takes each draw for the classes in turn; of the classes that are whole none is drawn.
    assert made[3]["acceptance"] == pytest.approx(1 / 3, abs=0.1)


def test_csv_and_picture_are_there(swept):
    workdir, _, printed = swept
    for name in ("ratio", "rare"):
        folder = workdir / "sweeps" / name
        lines = list(csv.DictReader((folder / "sweep.csv").read_text().splitlines()))
        made = artefacts.read_json(folder / "sweep.json")
        assert [line["label"] for line in lines] == [point["label"] for point in made["points"]]
        assert (
            float(lines[0]["mean"]) == made["points"][0]["mean"] and sweep_text.answer(name, made["points"]) in printed
        )
        with Image.open(folder / "sweep.png") as picture:
            assert picture.width > 400 and len(set(picture.convert("L").tobytes())) > 10


def test_a_finished_sweep_trains_nothing(swept, root, monkeypatch):
    workdir, config, printed = swept
    monkeypatch.setattr(cells, "make", lambda *args: pytest.fail("trained again"))
    assert run(root, workdir, "ratio,rare", config) == printed


def test_margins_are_of_the_images_used_whatever_the_pool_holds_by_then(swept, root):
    workdir, config, _ = swept
    first = artefacts.read_json(workdir / "sweeps" / "ratio" / "sweep.json")["points"]
    assert [point["margin"] is None for point in first] == [True, False]
    # Each used draw, found by its id in the blocks themselves.
    folder = next(workdir.glob("sweeps/ratio/*/*/*/dcgan_tp_geo/*/dataset_info.json")).parent
    pool = workdir / artefacts.read_json(next(workdir.glob("sweeps/ratio/*/datasets-dcgan-*/datasets.json")))["pool"]
    examples = tfds.as_numpy(tfds.builder_from_directory(folder).as_dataset("train"))
    used = sorted(e["id"].decode() for e in examples if e["id"].startswith(b"dcgan/"))
    margins = []
    for label in range(3):
        mine = [name for name in used if int(name.split("/")[1]) == label]
        for name in mine[: len(mine) // 2]:
            index = int(name.split("/")[2])
            for path in sorted((pool / f"class-{label:04d}").glob("block-*.npz")):
                with np.load(path) as block:
                    at = np.flatnonzero(block["indices"] == index)
                    if len(at):
                        judged = block["probabilities"][at[0]]
                        margins.append(judged[label] - np.delete(judged, label).max())
    assert len(margins) == 9 and first[1]["margin"] == pytest.approx(np.mean(margins), rel=1e-5)
    blocks = len(list(pool.glob("class-*/block-*.npz")))
    run(root, workdir, "generated", config_of(root, sweep__generated="4"))
    assert len(list(pool.glob("class-*/block-*.npz"))) > blocks
    run(root, workdir, "ratio", config)
    assert artefacts.read_json(workdir / "sweeps" / "ratio" / "sweep.json")["points"] == first


class NeverRed(tiny.AnyJudge):
    """Takes no draw for the last class."""

    def __call__(self, images):
        made = super().__call__(images)
        made[:, 2] = 0
        return made


def test_a_point_that_lacks_images_stands_where_its_images_are(root, tmp_path, monkeypatch):
    """Of 6 wanted a class red has none: 12 generated images beside 18 real ones, and the words for it."""
    monkeypatch.setattr(judges, "Judge", NeverRed)
    config = config_of(root, sweep__generated="1", samples__max_draws_per_class=40)
    said = run(root, tmp_path / "work", "generated", config, classifier_seeds="0")
    (point,) = artefacts.read_json(tmp_path / "work" / "sweeps" / "generated" / "sweep.json")["points"]
    assert (point["images"], point["generated"], point["x"]) == (30, 12, pytest.approx(12 / 18))
    words = "GAN seed 0: 6 generated images are missing, too few were accepted: red 0 of 6"
    assert point["short"] == words and f"dcgan 1 x, {words}" in said


def test_the_rare_class_is_the_first_unless_named(root, tmp_path):
    made = run(root, tmp_path / "work", "all", dry_run=True)
    assert all(f"{name}: " in made for name in sweeps.SWEEPS)
    with pytest.raises(UserError, match="--config.rare_class: found 'pink', expected one of blue, green, red"):
        run(root, tmp_path / "work", "rare", config_of(root, rare_class="pink"), dry_run=True)


def test_the_plan_works_on_nothing(root, tmp_path):
    assert "5 points" in run(root, tmp_path / "work", "ratio", dry_run=True)
    assert not list(tmp_path.glob("work/sweeps")) and not list(tmp_path.glob("work/cell-*"))


def test_answers_by_hand():
    def point(x, difference, low, high):
        fields = {"difference": difference, "low": low, "high": high, "mean": 80 + difference}
        return {"curve": "dcgan", "label": f"{x} x", "x": x, **fields}

    gains = [point(1, 1.0, 0.5, 1.5), point(2, 2.0, 1.5, 2.6), point(5, 2.5, 2.0, 3.0)]
    assert sweep_text.answer("generated", gains) == (
        "The best point is dcgan at 5 x: 82.5 % instead of 80.0 % with the real images alone. That is +2.5 points, 95 "
        "% +2.0 to +3.0. Of 3 points 3 gain for sure and none lose. From 2 x on, more is not told apart from the best. "
        "Use dcgan at 2 x. The best of several looks better than it is: the intervals are not corrected for that."
    )
    # Stacks cost the same: the best one.
    assert "Use dcgan at 5 x." in sweep_text.answer("stacks", gains)
    words = sweep_text.answer("generated", [point(1, -1.0, -1.5, -0.5), point(2, 0.1, -1, 1)])
    assert words.endswith("Of 2 points none gain for sure and 1 loses. So use the real images alone.")
    # The highest is not sure, another one is.
    words = sweep_text.answer("stacks", [point(1, 1.0, 0.5, 1.5), point(2, 3.0, -1, 7)])
    assert "best point is dcgan at 2 x" in words and "Use dcgan at 1 x." in words
    rare = {**point(1, 0.0, 0.0, 0.0), "recall": 40.0, "recall_difference": 10.0, "recall_low": 5, "recall_high": 15}
    assert "40.0 % of the rare class's images instead of 30.0 %" in sweep_text.answer("rare", [rare])
    assert sweep_text.answer("generated", []) == "No point is finished yet."
