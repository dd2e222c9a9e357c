"""The main job, end to end: once as a command on shapes10, killed and resumed, then each branch on a small folder."""

import re
import shutil
import signal
import subprocess
import time

import markdown_tables
import numpy as np
import pytest
import tensorflow_datasets as tfds
import tiny
from jobs import FIELDS, ROOT, command, sums
from PIL import Image

from tfgan_aug.classifiers import judges
from tfgan_aug.commands import build_dataset
from tfgan_aug.config import ExperimentConfig
from tfgan_aug.core import artefacts, fields, pixels
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import geometric, shapes, subsets
from tfgan_aug.datasets import augmented, variants
from tfgan_aug.experiments import cells, families, judge_stage, main_job
from tfgan_aug.sampling import pools, rules

VARIANTS = variants.variants_of(("dcgan",))


def written(notes):
    """The variants of which the notes do not say that no image was accepted: a judge of few steps knows few classes."""
    return [name for name in VARIANTS if f"warning: {name} left out: no image was accepted, so it equals " not in notes]


# The command


def finished(workdir):
    return subprocess.run(command(workdir), capture_output=True, text=True, cwd=ROOT, check=False)


def killed_at(workdir, pattern):
    """Starts the command and kills it as soon as a file matches; returns whether it was still at work."""
    process = subprocess.Popen(command(workdir), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not any(workdir.glob(pattern)):
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """The workdir and the finished process of one uninterrupted run."""
    workdir = tmp_path_factory.mktemp("whole") / "work"
    return workdir, finished(workdir)


def test_command_ends_with_the_table(whole):
    workdir, done = whole
    assert done.returncode == 0, done.stderr[-2000:]
    head, *rows = markdown_tables.rows(done.stdout)
    assert head == [
        "training set",
        "images",
        "test split (%)",
        "held out (%)",
        "minutes to make",
        "minutes to train",
    ]
    assert [row[0] for row in rows] == ["real", "pixel_mix", "dcgan_tp", "dcgan_fresh"]
    assert [row[1] for row in rows[:2] + rows[3:]] == ["60", "60", "60 and new ones"]
    for row in rows:
        # The binomial standard error of 3,000 test images of shapes10, and of 20 held-out ones.
        for cell, images in ((row[2], 3000), (row[3], 20)):
            share, error = (float(text) / 100 for text in cell.split(" +- "))
            assert error == pytest.approx((share * (1 - share) / images) ** 0.5, abs=6e-4)
            assert (share * images) % 1 == pytest.approx(0, abs=1e-6) or images == 3000
        assert all(re.fullmatch(r"\d+\.\d", cell) for cell in row[4:])
    accepted = r"^dcgan: \d+\.\d% of \d+ draws accepted \(arrow \d+%, circle \d+%, "
    assert re.search(accepted, done.stdout, re.MULTILINE)
    assert done.stdout == (workdir / "summary.md").read_text()


def test_progress_goes_to_stderr_a_line_a_stage(whole):
    notes = whole[1].stderr
    for text in (
        "subset: 60 training images of 10 classes, 6 a class; 20 held out",
        "dcgan gan: 15 steps in",
        "real: 60 images",
    ):
        assert text in notes
    assert "Traceback" not in notes and "Warning" not in notes


def test_the_last_lines_measure_and_load_the_best_of_the_table(whole):
    workdir, done = whole
    lines = done.stdout.splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    scores = {row[0]: float(row[2].split()[0]) for row in rows if row[0] in (*VARIANTS, "pixel_mix", "dcgan_fresh")}
    line, best = lines[-1], max(scores, key=scores.get)
    named = re.match(r"tfds.load\('shapes10_gan_aug/(\w+)', split='train', ", line)[1]
    assert scores[best] == scores.get(named) or (best, named) in [("pixel_mix", "real"), ("dcgan_fresh", "real")]
    images, labels = next(iter(eval(line, {"tfds": tfds}).batch(4)))
    assert images.shape == (4, 16, 16, 3) and labels.dtype == "int64"
    # The command, with the options that it takes, and the row to look at.
    measure = lines[-3] if best != "dcgan_fresh" else lines[-4]
    start = f"over seeds, with intervals: python -m tools.run_table --workdir={workdir} --allow_shortfall --config."
    assert measure.startswith(start) and "--variants" not in measure
    ours = max((name for name in scores if name.startswith("dcgan")), key=scores.get)
    assert measure.split("--rows=")[1].split(",") == ["real", "pixel_mix", "mixup", ours]
    folder = workdir / "tensorflow_datasets" / "shapes10_gan_aug"
    assert sorted(path.name for path in folder.iterdir()) == sorted(written(done.stderr))


def test_grids_show_a_class_a_row(whole):
    grids = whole[0] / "grids"
    assert sorted(path.name for path in grids.iterdir()) == [
        "dcgan_fp.png",
        "dcgan_tp.png",
        "geometric.png",
        "real.png",
    ]
    subset = subsets.load(next(whole[0].glob("subset-*")))
    left = 8 + 7 * max(map(len, shapes.CLASS_NAMES))
    for name in ("real", "geometric"):
        with Image.open(grids / f"{name}.png") as picture:
            assert picture.format == "PNG" and picture.size == (left + 6 * 34, 10 * 34)
            pixels = np.asarray(picture)
        if name == "real":
            # Every pixel twice as large, the classes from top to bottom.
            for label in range(10):
                first = subset.train.images[subset.train.of_class(label)[0]]
                assert np.array_equal(pixels[34 * label : 34 * label + 32 : 2, left : left + 32 : 2], first)


def test_dataset_proves_what_it_holds(whole):
    folder = whole[0] / "tensorflow_datasets" / "shapes10_gan_aug"
    for name in written(whole[1].stderr):
        provenance = artefacts.read_json(folder / name / "1.0.0" / "provenance.json")
        assert provenance["counts"]["test"] == {"real/none": [2] * 10}
        train = provenance["counts"]["train"]
        assert train["real/none"] == [6] * 10 and ("geometric/none" in train) == name.endswith("geo")
        assert {kind for kind in train if kind.startswith("dcgan")} <= {f"dcgan/{v}" for v in name.split("_")[1:]}
        assert provenance["leaking"] is False and provenance["config"]["image_size"] == 16
        if name.startswith("dcgan"):
            assert provenance["config"]["dcgan"]["epochs"] == 2
            draws = np.array(list(provenance["draws_tp_fp"].values()))
            assert draws.shape == (10, 3)
            kinds = [word for word in name.split("_")[1:] if word != "geo"]
            found = draws[:, [{"tp": 1, "fp": 2}[kind] for kind in kinds]].min(axis=1)
            few = found < 2 / len(kinds)
            assert provenance["short"] == [c for c, short in zip(shapes.CLASS_NAMES, few, strict=True) if short]
            assert (provenance["digest"] != provenance["request"]) == few.any()
            # Half and half, for each class, even where one verdict is rare.
            assert len({tuple(train[f"dcgan/{kind}"]) for kind in kinds if f"dcgan/{kind}" in train}) <= 1
        images, _ = augmented.Dataset(folder.parent, folder.name, name).load("train")
        assert len(images) == sum(sum(counts) for counts in train.values())


def test_second_run_reuses_everything(whole, monkeypatch, capsys):
    workdir, done = whole
    before = sums(workdir / "tensorflow_datasets")

    def never(*arguments, **options):
        raise AssertionError("a finished stage was made again")

    for module in (geometric, judge_stage, families, subsets, cells):
        monkeypatch.setattr(module, "make", never)
    config = fields.replaced(ExperimentConfig(), FIELDS)
    result = main_job.build_dataset(config, main_job.Options(str(workdir), allow_shortfall=True))
    notes = capsys.readouterr().err
    for name in written(notes):
        assert re.search(rf"^{name}: reused .*{name}/1\.0\.0 \(digest [0-9a-f]{{16}}\)$", notes, re.MULTILINE)
    assert build_dataset.text(result, command(workdir)[3:]) == done.stdout
    assert sums(workdir / "tensorflow_datasets") == before
    assert [dataset.variant for dataset in result.datasets] == written(notes)


def test_killed_and_run_again_ends_with_the_same_bytes(whole, tmp_path):
    workdir = tmp_path / "work"
    moments = (
        "dcgan-*.partial/checkpoints-gan/step-*",  # while the GAN trains
        "tensorflow_datasets/.incomplete-*/1.0.0/*.tfrecord-*",  # while a variant is written
    )
    assert [killed_at(workdir, pattern) for pattern in moments] == [True] * 2
    done = finished(workdir)
    assert done.returncode == 0, done.stderr[-2000:]
    assert sums(workdir / "tensorflow_datasets") == sums(whole[0] / "tensorflow_datasets")
    assert sums(workdir / "grids") == sums(whole[0] / "grids")
    assert sums(workdir, "pool-*/class-*/*") == sums(whole[0], "pool-*/class-*/*")
    assert sums(workdir, "cell-*/result.json") == sums(whole[0], "cell-*/result.json")
    leftovers = [path for path in workdir.rglob("*") if "partial" in path.name or "incomplete" in path.name]
    assert leftovers == []


# Branches, on a folder of three colours


@pytest.fixture
def any_judge(monkeypatch):
    monkeypatch.setattr(judges, "Judge", tiny.AnyJudge)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Uneven classes and no test split."""
    return tiny.save_images(tmp_path_factory.mktemp("root") / "pictures", {"blue": 12, "green": 8, "red": 6})


@pytest.fixture(scope="module")
def first(root, tmp_path_factory):
    """(workdir, what the main job gave) with the settings that most branches have."""
    folder = tmp_path_factory.mktemp("first")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judges, "Judge", tiny.AnyJudge)
        return folder / "work", build(root, folder, {"variants": "dcgan_tp,real,dcgan_tp_fp"})


@pytest.fixture
def trained(first, tmp_path):
    """What was trained there is here, too: it is found, and not made again."""
    for pattern in ("subset-*", "judge-*", "dcgan-*"):
        (stage,) = first[0].glob(pattern)
        shutil.copytree(stage, tmp_path / "work" / stage.name)


def build(root, tmp_path, options=(), **fields):
    return main_job.build_dataset(
        tiny.config(f"folder:{root}", **{"train_per_class": 0, **fields}),
        main_job.Options(str(tmp_path / "work"), **dict(options)),
    )


def provenance(result, variant):
    (dataset,) = (dataset for dataset in result.datasets if dataset.variant == variant)
    return artefacts.read_json(dataset.path / "provenance.json")


def test_all_images_of_uneven_classes_without_a_test_split(first):
    workdir, result = first
    assert [dataset.variant for dataset in result.datasets] == ["real", "dcgan_tp", "dcgan_tp_fp"]
    assert provenance(result, "real")["counts"] == {
        "test": {"real/none": [2, 2, 2]},
        "train": {"real/none": [10, 6, 4]},
    }
    # quota=own: as many again as the class has.
    assert provenance(result, "dcgan_tp")["counts"]["train"] == {"real/none": [10, 6, 4], "dcgan/tp": [10, 6, 4]}
    halves = {"real/none": [10, 6, 4], "dcgan/tp": [5, 3, 2], "dcgan/fp": [5, 3, 2]}
    assert provenance(result, "dcgan_tp_fp")["counts"]["train"] == halves
    rows = markdown_tables.rows(build_dataset.text(result))[1:]
    # Nothing to score on but the held-out images.
    images = {"real": "20", "pixel_mix": "20", "dcgan_tp": "40", "dcgan_fresh": "20 and new ones"}
    assert [row[:3] for row in rows] == [[name, count, "-"] for name, count in images.items()]
    assert all(re.fullmatch(r"\d+\.\d \+- \d+\.\d", row[3]) for row in rows)
    # No variant asks for geometric images: none are made.
    assert [path.name for path in result.grids] == ["real.png", "dcgan_tp.png", "dcgan_fp.png"]
    assert not list(workdir.glob("geometric-*"))
    assert result.datasets[0].name == "pictures_gan_aug"


class ByPlace(tiny.AnyJudge):
    """Answers by the place in the block alone, so a draw is judged alike whenever; confidences from 0.5 to 0.8."""

    def __call__(self, images):
        super().__call__(images)
        places = np.arange(len(images))
        confidence = 0.5 + places // 3 % 4 / 10
        made = np.repeat(((1 - confidence) / 2)[:, None], 3, axis=1)
        made[places, places % 3] = confidence
        return made.astype(np.float32)


def test_a_dataset_is_the_same_alone_and_in_company(monkeypatch, trained, root, tmp_path):
    """Byte for byte: its images, its card, and what it says of draws, rules and config."""
    monkeypatch.setattr(judges, "Judge", ByPlace)
    beside = "real,geo,dcgan_fp_geo,dcgan_tp_confident,dcgan_tp_quantile"
    fields = {"samples__quantile_draws": 40, "samples__confidence": 0.75}
    both = build(
        root, tmp_path, {"variants": f"dcgan_tp,dcgan_tp_fp,{beside}", "data_dir": str(tmp_path / "b")}, **fields
    )
    (pool,) = (tmp_path / "work").glob("pool-*")
    for name in ("dcgan_tp", "dcgan_tp_fp", "dcgan_tp_quantile"):
        shutil.rmtree(pool)
        options = {"variants": name, "data_dir": str(tmp_path / name), "allow_shortfall": True}
        (alone,) = build(root, tmp_path, options, **fields).datasets
        other = next(dataset for dataset in both.datasets if dataset.variant == name)
        assert sums(alone.path) == sums(other.path) and len(sums(alone.path)) > 6


def test_each_row_is_charged_for_its_own_draws(any_judge, trained, root, tmp_path, monkeypatch):
    fields = {"samples__quantile_draws": 80}
    monkeypatch.setattr(artefacts.Stage, "minutes", property(lambda stage: 80.0 if stage.name == "pool" else 0.0))
    result = build(root, tmp_path, {"variants": "dcgan_tp,dcgan_tp_geo,dcgan_tp_quantile"}, **fields)
    minutes = {row["variant"]: row["make_minutes"] for row in result.scores}
    (pool,) = (tmp_path / "work").glob("pool-*")
    drawn = 8 * len(list(pool.rglob("block-*")))
    own = sum(counts[0] for counts in provenance(result, "dcgan_tp")["draws_tp_fp"].values())
    strict = sum(counts[0] for counts in provenance(result, "dcgan_tp_quantile")["draws_tp_fp"].values())
    assert own < strict == drawn
    assert minutes["dcgan_tp"] == minutes["dcgan_tp_geo"] == pytest.approx(80 * own / drawn)


def test_grids_name_the_rule_that_chose_the_images(any_judge, trained, root, tmp_path, monkeypatch):
    titles = {}
    monkeypatch.setattr(
        pixels, "save_grid", lambda path, rows, labels, title="": titles.update({path.stem: (title, rows)})
    )
    fields = {"samples__margins": "-1:0", "samples__quantile_draws": 40, "samples__drop_copies": "pixels"}
    build(root, tmp_path, {"variants": "dcgan_tp,dcgan_fp", "allow_shortfall": True}, **fields)
    near = ", without those close to a training image by pixels"
    assert {name: title for name, (title, _) in titles.items() if title} == {
        "dcgan_tp": f"dcgan: TP by its margin for their class, -1 to 0{near}",
        "dcgan_fp": f"dcgan: FP{near}",
    }
    # The judge here never doubts: of margins below 0 are the draws that it takes for another class.
    (pool,) = (tmp_path / "work").glob("pool-*")
    rule = rules.MarginRule(-1, 0)
    first = next(pools.Pool(pool).select(rule, 0, "tp", 1))
    assert first.predicted != 0 and np.array_equal(titles["dcgan_tp"][1][0][0], pixels.decode_png(first.image))


def test_balance_fills_rare_classes(any_judge, trained, root, tmp_path):
    result = build(root, tmp_path, {"variants": "dcgan_tp"}, samples__quota="balance")
    counts = provenance(result, "dcgan_tp")["counts"]["train"]
    assert counts == {"real/none": [10, 6, 4], "dcgan/tp": [0, 4, 6]}
    # The largest class needs no draw.
    assert provenance(result, "dcgan_tp")["draws_tp_fp"]["blue"] == [0, 0, 0]


def test_balance_of_even_classes_is_refused(root, tmp_path):
    with pytest.raises(UserError, match="--config.samples.quota=balance: found 4 training images in every class"):
        build(root, tmp_path, train_per_class=4, samples__quota="balance")
    assert not (tmp_path / "work").exists()


def test_one_gan_a_class(any_judge, root, tmp_path):
    result = build(root, tmp_path, {"variants": "dcgan_tp"}, train_per_class=4, dcgan__conditioning="per_class")
    assert provenance(result, "dcgan_tp")["counts"]["train"] == {"real/none": [4] * 3, "dcgan/tp": [4] * 3}
    (folder,) = (tmp_path / "work").glob("dcgan-*")
    assert [path.name for path in sorted(folder.glob("*.keras"))] == [f"gan-{label:04d}.keras" for label in range(3)]


def test_one_gan_a_class_needs_a_batch_of_each(root, tmp_path):
    with pytest.raises(UserError) as caught:
        build(root, tmp_path, dcgan__conditioning="per_class", dcgan__batch_size=5)
    assert str(caught.value) == (
        "--config.dcgan.batch_size: found 5, expected at most the 4 training images of class 'red', which has a GAN of "
        "its own"
    )
    assert not (tmp_path / "work").exists()


class SureJudge(tiny.AnyJudge):
    """Takes every draw for what it is meant to be."""

    def __call__(self, images):
        super().__call__(images)
        # Blocks come class by class, two of each: they fill its quota of FP images in vain.
        return np.repeat(np.eye(3, dtype=np.float32)[[(self.calls - 1) // 2]], len(images), axis=0)


def test_too_few_false_positives_leave_variants_out(monkeypatch, trained, root, tmp_path, capsys):
    monkeypatch.setattr(judges, "Judge", SureJudge)
    fields = {"samples__per_class": 3, "samples__max_draws_per_class": 16}
    result = build(root, tmp_path, {"variants": "real,dcgan_tp,dcgan_fp,dcgan_tp_fp"}, **fields)
    assert [dataset.variant for dataset in result.datasets] == ["real", "dcgan_tp"]
    notes = capsys.readouterr().err
    for name in ("dcgan_fp", "dcgan_tp_fp"):
        assert (
            f"warning: {name} left out: too few FP images of blue, green, red after 16 draws a class; "
            "--allow_shortfall writes what there is"
        ) in notes
    assert not result.datasets[1].path.parents[1].joinpath("dcgan_fp").exists()
    # Where nothing else was asked for, that is an error and not an empty table.
    with pytest.raises(
        UserError, match="--variants: every one of them needs more images than the judge let pass; nothing was written"
    ):
        build(root, tmp_path, {"variants": "dcgan_fp"}, **fields)


def test_shortfall_ends_the_run_and_can_be_allowed(monkeypatch, trained, root, tmp_path):
    class NeverRed(tiny.AnyJudge):
        def __call__(self, images):
            made = super().__call__(images)
            made[:, 2] = 0
            return made

    monkeypatch.setattr(judges, "Judge", NeverRed)
    fields = {"samples__per_class": 3, "samples__max_draws_per_class": 40}
    with pytest.raises(UserError, match=r"too few TP images: red 0 of 3 \(0.0% of 40\); draw more"):
        build(root, tmp_path, {"variants": "dcgan_tp"}, **fields)
    assert not list((tmp_path / "work").rglob("provenance.json"))
    result = build(root, tmp_path, {"variants": "dcgan_tp", "allow_shortfall": True}, **fields)
    record = provenance(result, "dcgan_tp")
    assert record["counts"]["train"]["dcgan/tp"] == [3, 3, 0] and record["short"] == ["red"]
    # It is said wherever the dataset is spoken of.
    words = "3 generated images are missing, too few were accepted: red 0 of 3"
    folder = result.datasets[0].path
    assert record["shortfall"] == {"red": [0, 3]} and words in record["description"]
    assert words in (folder / "README.md").read_text() and words in (folder / "dataset_info.json").read_text()
    text = build_dataset.text(result)
    assert f"dcgan_tp: {words}" in text.splitlines() and "| 26 of 29 |" in " ".join(text.split())
    # Asked for again, it is the same; complete, it would be another, and what is there stays.
    again = build(root, tmp_path, {"variants": "dcgan_tp", "allow_shortfall": True}, **fields)
    assert build_dataset.text(again) == build_dataset.text(result)
    monkeypatch.setattr(judges, "Judge", tiny.AnyJudge)
    (pool,) = (tmp_path / "work").glob("pool-*")
    shutil.rmtree(pool)
    with pytest.raises(UserError, match="dcgan_tp/1.0.0 holds a dataset with digest .*--overwrite replaces it"):
        build(root, tmp_path, {"variants": "dcgan_tp"}, **fields)
    whole = build(root, tmp_path, {"variants": "dcgan_tp", "overwrite": True}, **fields)
    assert provenance(whole, "dcgan_tp")["short"] == []
    # Neither more draws nor the permission to fall short makes a complete dataset another one.
    fields["samples__max_draws_per_class"] = 80
    build(root, tmp_path, {"variants": "dcgan_tp", "allow_shortfall": True}, **fields)
    assert re.search(
        r"dcgan: \d+\.\d% of \d+ draws accepted \(blue \d+%, green \d+%, red 0%\)", build_dataset.text(result)
    )


def test_a_variant_without_any_generated_image_is_not_trained(monkeypatch, trained, root, tmp_path, capsys):
    monkeypatch.setattr(judges, "Judge", SureJudge)
    fields = {"samples__per_class": 3, "samples__max_draws_per_class": 16}
    options = {"variants": "real,dcgan_tp,dcgan_fp_geo", "allow_shortfall": True}
    result = build(root, tmp_path, options, **fields)
    assert [dataset.variant for dataset in result.datasets] == ["real", "dcgan_tp"] and result.left_out
    assert "dcgan_fp_geo left out: no image was accepted, so it equals geo" in capsys.readouterr().err
    assert "left out, neither written nor trained on: dcgan_fp_geo" in build_dataset.text(result).splitlines()


def test_a_judge_of_the_whole_source_is_marked_as_leaking(any_judge, root, tmp_path):
    result = build(root, tmp_path, {"variants": "real,dcgan_tp"}, train_per_class=4, judge__trained_on="source_train")
    assert provenance(result, "dcgan_tp")["leaking"] is True
    assert "**Leaks.**" in (result.datasets[1].path / "README.md").read_text()
    assert (
        "the judge saw the source's whole train split: these accuracies leak" in build_dataset.text(result).splitlines()
    )
    # No judge, no leak.
    assert provenance(result, "real")["leaking"] is False
    assert "Leaks" not in (result.datasets[0].path / "README.md").read_text()


def test_without_a_gan_nothing_is_trained_but_the_classifier(root, tmp_path):
    result = build(root, tmp_path, {"variants": "geo"})
    assert provenance(result, "geo")["counts"]["train"] == {"real/none": [10, 6, 4], "geometric/none": [10, 6, 4]}
    stages = {path.name.split("-")[0] for path in (tmp_path / "work").iterdir() if path.is_dir()}
    assert stages == {".locks", "subset", "geometric", "cell", "grids", "tensorflow_datasets"}
    # The card says how to read the data and what it is.
    card = (result.datasets[0].path / "README.md").read_text()
    assert 'tfds.load("pictures_gan_aug/geo"' in card and "Acceptance" not in card


def test_another_seed_is_another_dataset(root, tmp_path):
    build(root, tmp_path, {"variants": "real"})
    with pytest.raises(UserError, match="holds a dataset with digest .*, expected digest .*; --overwrite replaces it"):
        build(root, tmp_path, {"variants": "real"}, seed=1)
    result = build(root, tmp_path, {"variants": "real", "overwrite": True}, seed=1)
    assert provenance(result, "real")["config"]["seed"] == 1


def test_skipped_files_are_listed(root, tmp_path):
    shutil.copytree(root, tmp_path / "pictures")
    (tmp_path / "pictures" / "red" / "bad.png").write_bytes(b"no picture")
    result = build(tmp_path / "pictures", tmp_path, {"variants": "real", "skip_unreadable": True})
    assert "left out, unreadable: red/bad.png" in build_dataset.text(result).splitlines()


@pytest.mark.parametrize("names", ["dcgan_tp,nope", ",", "nope"])
def test_unknown_variants(root, tmp_path, names):
    with pytest.raises(UserError, match="--variants: found '.*', expected some of real, geo, dcgan_fp, dcgan_fp_geo, "):
        build(root, tmp_path, {"variants": names})
    assert not (tmp_path / "work").exists()
