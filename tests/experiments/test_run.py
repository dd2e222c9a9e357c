"""A run: opened before any work, with the subset of its config; and what families of GANs offer."""

import inspect

import pytest
import tiny

from tfgan_aug.config import GANS, ExperimentConfig
from tfgan_aug.core import fields
from tfgan_aug.core.errors import UserError
from tfgan_aug.experiments import families
from tfgan_aug.experiments.run import Place, open_run


@pytest.fixture
def root(tmp_path):
    return tiny.save_images(tmp_path / "pictures", {"blue": 12, "green": 8, "red": 8})


def test_a_run_has_what_its_config_chooses(root, tmp_path):
    config = tiny.config(f"folder:{root}", train_per_class=4)
    with open_run(config, Place(str(tmp_path / "work"))) as run:
        assert run.workdir == tmp_path / "work" and run.workdir.is_dir()
        assert run.subset.train.counts(3).tolist() == [4] * 3
        assert not run.subset_stage.done
        run.write_subset()
        assert run.subset_stage.done
        # A GAN of another seed: the same images.
        other = run.with_seed(7)
        assert other.config.seed == 7 and config.seed == run.config.seed == 0
        assert other.subset is run.subset and other.subset_stage.digest == run.subset_stage.digest
        # Another config: images of its own.
        own = run.of(tiny.config(f"folder:{root}", train_per_class=5))
        assert own.subset.train.counts(3).tolist() == [5] * 3
        assert own.subset_stage.digest != run.subset_stage.digest and own.source is run.source
        with pytest.raises(UserError, match="--config.train_per_class=9, .*: found 8 images of class 'green'"):
            run.of(tiny.config(f"folder:{root}", train_per_class=9))


def test_without_its_own_subset(root, tmp_path):
    """A sweep's points have subsets of their own; the config itself need not have one."""
    config = tiny.config(f"folder:{root}", train_per_class=99)
    with open_run(config, Place(str(tmp_path / "work")), read_subset=False) as run:
        assert run.subset is None
    with pytest.raises(UserError, match="--config.train_per_class=99"), open_run(config, Place(str(tmp_path / "new"))):
        pass
    assert not (tmp_path / "new").exists()


def noted(root, tmp_path, capfd, **options):
    """(the subset of a run on all images but two a class, what it said, the lines of its duplicates.csv)."""
    config, workdir = tiny.config(f"folder:{root}", train_per_class=0), tmp_path / "work"
    with open_run(config, Place(str(workdir), **options)) as run:
        run.write_subset()
        run.note_subset()
    path = workdir / "duplicates.csv"
    return run.subset, capfd.readouterr().err, path.read_text().splitlines() if path.exists() else []


def test_the_layout_is_said(root, tmp_path, capfd):
    _, said, lines = noted(root, tmp_path, capfd)
    assert f"source folder {root}: 3 classes (blue, green, red); 28 train images\n" in said and lines == []


def test_an_image_under_two_labels_is_named_wherever_it_lies(root, tmp_path, capfd):
    """Both in train, which no check of the split would find."""
    subset, *_ = noted(root, tmp_path / "before", capfd)
    first, second = (next(name for name in subset.train.ids if name.startswith(color)) for color in ("blue", "red"))
    (root / first).write_bytes((root / second).read_bytes())
    with_both, said, lines = noted(root, tmp_path, capfd)
    assert {first, second} <= set(with_both.train.ids)
    words = f"1 pairs of images with the same pixels, 1 under two labels: {first} (blue) = {second} (red); all in "
    assert f"{words}{tmp_path / 'work' / 'duplicates.csv'}\n" in said
    assert lines[1:] == [f"{first},blue,train,{second},red,train,two"]
    without, said, lines = noted(root, tmp_path, capfd, drop_duplicates=True)
    assert "left out: 2 train images; all in" in said and len(lines) == 2
    assert len(without.train.ids) == len(with_both.train.ids) - 2
    assert not {first, second} & {*without.train.ids, *without.held_out.ids}


def test_an_image_on_both_sides_is_refused_or_dropped(root, tmp_path, capfd):
    subset, *_ = noted(root, tmp_path / "before", capfd)
    held_out = subset.held_out.ids[0]
    copy = root / "blue" / "copy.png"
    copy.write_bytes((root / held_out).read_bytes())
    # Whichever of the two is drawn: all are in the subset.
    with pytest.raises(UserError, match="share 1 images: .*; expected none: --drop_duplicates leaves them out"):
        for seed in range(100):
            with open_run(
                tiny.config(f"folder:{root}", train_per_class=0, seed=seed), Place(str(tmp_path / "w"))
            ) as run:
                run.write_subset()
    assert len((tmp_path / "w" / "duplicates.csv").read_text().splitlines()) == 2
    without, *_ = noted(root, tmp_path, capfd, drop_duplicates=True)
    assert without.train.ids != () and sorted((*without.train.ids, *without.held_out.ids)) == sorted(
        (*subset.train.ids, *subset.held_out.ids)
    )


def test_the_workdir_among_the_class_folders_is_no_class(root, capfd):
    for _ in range(2):
        with open_run(tiny.config(f"folder:{root}", train_per_class=4), Place(str(root / "work"))) as run:
            run.write_subset()
            run.note_subset()
            (root / "work" / "grids").mkdir(exist_ok=True)
            (root / "work" / "grids" / "a.png").write_bytes((root / "red" / "000.png").read_bytes())
        assert run.source.class_names == ("blue", "green", "red")
        assert "left out: work (written by tfgan_aug)" in capfd.readouterr().err
    with pytest.raises(UserError, match="is the workdir"), open_run(tiny.config(f"folder:{root}"), Place(str(root))):
        pass


def test_runs_share_a_workdir(root, tmp_path):
    config, place = tiny.config(f"folder:{root}", train_per_class=4), str(tmp_path / "work")
    with open_run(config, Place(place)) as first, open_run(config, Place(place)) as second:
        first.write_subset()
        second.write_subset()
        assert first.subset_stage.done and first.subset_stage.path == second.subset_stage.path


@pytest.mark.parametrize(
    ("fields", "place", "message"),
    [
        ({"gans": "biggan"}, {}, "--config.gans: found 'biggan'"),
        ({}, {"strategy": "many"}, "--strategy: found 'many'"),
        ({"source": "folder:nowhere"}, {}, "--config.source"),
    ],
)
def test_mistakes_leave_nothing(root, tmp_path, fields, place, message):
    config = tiny.config(fields.pop("source", f"folder:{root}"), train_per_class=4, **fields)
    with pytest.raises(UserError, match=message), open_run(config, Place(str(tmp_path / "work"), **place)):
        pass
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("gan", families.FAMILIES)
def test_every_family_offers_what_a_family_must(gan):
    """Each entry in the registry: the same functions with the same parameters."""
    for name, function in vars(families.Family).items():
        if inspect.isfunction(function) and not name.startswith("_"):
            own = list(inspect.signature(getattr(families.FAMILIES[gan], name)).parameters)
            assert ["self", *own] == list(inspect.signature(function).parameters), name
    assert families.FAMILIES[gan].TITLE


@pytest.mark.parametrize(("gan", "count", "last"), [("dcgan", 2, 5e-4), ("pairs", 1, 0.0), ("composer", 2, 0.0)])
def test_optimisers_are_as_many_as_the_model_takes(gan, count, last):
    """Adam of the section's rate, which falls to zero for those that start from real images."""
    section = fields.get(ExperimentConfig(), gan)
    steps = section.steps or 100
    made = families.FAMILIES[gan].optimizers(section, steps)
    assert len(made) == count and all(one.beta_1 == section.beta_1 for one in made)
    for one in made:
        assert float(one.learning_rate) == pytest.approx(section.learning_rate)
        one.iterations.assign(steps)
        assert float(one.learning_rate) == pytest.approx(last, abs=1e-9)


def test_the_config_knows_every_family():
    assert tuple(families.FAMILIES) == GANS
    assert all(hasattr(ExperimentConfig(), name) for name in GANS)
