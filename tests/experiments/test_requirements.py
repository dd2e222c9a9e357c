"""What can be known before any work: options that cannot go together, too few images, too few draws."""

import types

import pytest
import tiny

from tfgan_aug.commands import run_sweep, run_table
from tfgan_aug.config import ExperimentConfig
from tfgan_aug.core import fields
from tfgan_aug.core.errors import UserError
from tfgan_aug.experiments import main_job, rows, table
from tfgan_aug.training import strategies, workers


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Uneven classes and no test split: 10, 6 and 4 images to train on, 2 of each held out."""
    return tiny.save_images(tmp_path_factory.mktemp("root") / "pictures", {"blue": 12, "green": 8, "red": 6})


@pytest.fixture
def refused(root, tmp_path):
    """Runs a command that must fail; returns its line. Nothing may be left of it."""

    def run(command="build", options=None, **changes):
        config = tiny.config(f"folder:{root}", **{"train_per_class": 0, "table__resamples": 1000, **changes})
        options, workdir = options or {}, str(tmp_path / "work")
        with pytest.raises(UserError) as caught:
            if command == "build":
                main_job.build_dataset(config, main_job.Options(workdir, **options))
            elif command == "table":
                run_table.run(config, run_table.Options(workdir=workdir, **options))
            else:
                run_sweep.run(config, run_sweep.Options(sweep=command, workdir=workdir, **options))
        assert not (tmp_path / "work").exists() and "\n" not in str(caught.value)
        return str(caught.value)

    return run


DRAWS = "--config.samples.max_draws_per_class: found 8, expected at least "


def test_more_images_than_draws_can_give(refused):
    """As BCCD: its rarest class lacks 3,792 of the largest one's images, and 3,000 draws were the most."""
    small = {"samples__max_draws_per_class": 8, "samples__block_size": 4}
    line = refused(options={"variants": "dcgan_tp"}, samples__quota="own", **small)
    needs = "the generated images that class {} needs (samples.per_class={}, samples.quota={}); or --allow_shortfall"
    assert line == f"{DRAWS}10, {needs.format(repr('blue'), 0, 'own')}"
    # Each alone would do, and no draw is both.
    line = refused(options={"variants": "dcgan_tp,dcgan_fp"}, samples__per_class=6, **small)
    assert line == f"{DRAWS}12, {needs.format(repr('blue'), 6, 'own')}"
    small["samples__max_draws_per_class"] = 4
    line = refused(options={"variants": "dcgan_tp"}, samples__quota="balance", **small)
    assert line.startswith("--config.samples.max_draws_per_class: found 4, expected at least 6, ")
    assert needs.format(repr("red"), 0, "balance") in line


def test_a_rule_of_more_draws_than_there_may_be(refused):
    line = refused(options={"variants": "dcgan_tp_quantile"}, samples__quantile_draws=201)
    words = "found 200, expected at least the 201 draws that variant dcgan_tp_quantile takes its rule from"
    assert line == f"--config.samples.max_draws_per_class: {words}"


@pytest.mark.parametrize("name", ["dcgan_tp_quantile", "dcgan_tp_confident"])
def test_margins_and_a_variant_with_a_rule_of_its_own(refused, name):
    line = refused(options={"variants": name}, samples__margins="0:0.5", samples__quantile_draws=40)
    assert line == (
        f"--config.samples.margins: found '0:0.5' and variant {name}, which has a rule of its own; expected one of them"
    )


def test_more_judges_than_images_of_a_class(refused):
    line = refused(options={"variants": "dcgan_tp"}, judge__members=5)
    assert line == (
        "--config.judge.members: found 5, expected at most the 4 training images of class 'red', one or more for each "
        "member to train without"
    )


def test_a_member_of_the_judge_has_fewer_images_than_the_set(refused):
    """Of 20 images each of two members trains on 10."""
    line = refused(options={"variants": "dcgan_tp"}, judge__members=2, judge__batch_size=11)
    assert line == "--config.judge.batch_size: found 11, expected at most the 10 training images of a member"


def test_every_batch_that_is_too_large_is_named_at_once(refused):
    sizes = {f"{name}__batch_size": 64 for name in ("judge", "classifier", "dcgan", "sgan", "sgan__encoder")}
    line = refused(gans="dcgan,sgan", **sizes)
    names = ("judge", "classifier", "dcgan", "sgan", "sgan.encoder")
    said = "; ".join(f"--config.{n}.batch_size: found 64, expected at most the 20 training images" for n in names)
    assert line == f"{said}: add " + " ".join(f"--config.{name}.batch_size=16" for name in names)


def test_one_gan_a_class_names_each_class_that_is_too_small(refused):
    line = refused(dcgan__conditioning="per_class", dcgan__batch_size=8)
    assert (
        "at most the 6 training images of class 'green', which" in line
        and "the 4 training images of class 'red'" in line
    )
    assert line.endswith(": add --config.dcgan.batch_size=4")


def test_nothing_to_score_on(refused):
    line = "--config.test_per_class: found 0 and a source without a test split, expected images to score on"
    assert refused("table", {"rows": "real"}, test_per_class=0) == line
    assert refused("ratio", {"gan_seeds": "0"}, test_per_class=0).endswith(line)


def test_a_set_without_images_to_score_on_is_built_and_not_trained_on(root, tmp_path):
    config = tiny.config(f"folder:{root}", test_per_class=0)
    result = main_job.build_dataset(config, main_job.Options(str(tmp_path / "work"), variants="real"))
    assert result.scores == () and not list((tmp_path / "work").glob("cell-*"))


def test_rows_of_generated_images_alone(refused):
    """balance: 4 + 6 generated images, fewer than the batch that all the 20 real ones give."""
    for name in ("dcgan_cas", "dcgan_tp_pretrained"):
        line = refused("table", {"rows": f"real,{name}"}, samples__quota="balance", classifier__batch_size=16)
        assert line == (
            f"--config.classifier.batch_size: found 16, expected at most the 10 generated images of row {name}"
        )


def test_two_phases_of_a_step_or_more(refused):
    line = refused("table", {"rows": "dcgan_tp_pretrained"}, table__pretrain_share=0.1)
    assert line == (
        "--config.table.pretrain_share: found 0.1 of 2 steps, expected one or more on each side in row "
        "dcgan_tp_pretrained"
    )


def test_a_gan_that_is_not_trained(refused):
    line = refused(options={"variants": "sgan_tp"})
    assert line.startswith("--variants: found 'sgan_tp', expected some of real, geo, ")
    assert line.endswith(": --config.gans=dcgan lacks the GAN of this one")
    for word in ("sgan_tp_soft", "12"):
        with pytest.raises(
            UserError, match=f"--rows: found '{word}', .*: --config.gans=dcgan lacks the GAN of this one$"
        ):
            table.choose(ExperimentConfig(gans=("dcgan",)), word)
    with pytest.raises(UserError, match="--rows: found 'nothing', expected some of .*[a-z]$"):
        table.choose(ExperimentConfig(), "nothing")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"samples.margins": "0:0.5", "samples.threshold": 0.3},
            "--config.samples: found margins=0:0.5 and threshold=0.3, expected one of them: both choose TP",
        ),
        (
            {"samples.per_class": 5, "samples.quota": "balance"},
            "--config.samples: found per_class=5 and quota=balance, expected one of them: both say how many",
        ),
        (
            {"geometric.crop_fraction": 0.02, "image_size": 16},
            "--config: found geometric.crop_fraction=0.02 and image_size=16, expected a crop of one pixel or more",
        ),
        (
            {"channels": 1, "judge.augmentation": "flip,saturation"},
            "--config: found judge.augmentation with saturation and channels=1, expected colours to saturate: "
            "channels=3",
        ),
    ],
)
def test_fields_that_contradict_each_other(changes, line):
    with pytest.raises(UserError) as caught:
        fields.check(fields.replaced(ExperimentConfig(), changes))
    assert str(caught.value) == line


@pytest.mark.parametrize(
    ("sweep", "changes", "words"),
    [
        (
            "threshold",
            {"sweep__threshold": "0,1"},
            "--config.sweep.threshold, point confidence 1: --config.samples.thr",
        ),
        ("stacks", {"sweep__stacks": "1,1.5"}, "--config.sweep.stacks: found 1.5, expected 1, 2 or 3"),
        ("stacks", {"sweep__stacks": "4"}, "--config.sweep.stacks: found 4, expected 1, 2 or 3"),
        ("generated", {"sweep__generated": "1,5e7"}, "--config.sweep.generated, point 5e+07 x: "),
        (
            "budget",
            {"test_per_class": 6},
            "--config.test_per_class: found 6, expected fewer: the smallest class has 6 ",
        ),
        # The first sweep would work for hours before the second one found that.
        (
            "budget,real",
            {"sweep__real": "1,4", "sweep__budget": "1"},
            "--sweep=real, point geo 1: --config.classifier.",
        ),
    ],
)
def test_every_point_of_every_sweep_is_checked_before_the_first_one_works(refused, sweep, changes, words):
    assert refused(sweep, {"gan_seeds": "0"}, **{"train_per_class": 4, **changes}).startswith(words)


def test_fresh_rows_drop_no_near_copies(refused):
    line = refused("table", {"rows": "real,dcgan_fresh", "seeds": "0"}, samples__drop_copies="pixels")
    assert line.startswith("--config.samples.drop_copies: found pixels and row dcgan_fresh, ")


@pytest.mark.parametrize("name", ["dcgan_fresh", "pixel_mix"])
def test_rows_of_new_images_in_every_step_need_one_process(name):
    (row,) = rows.parse("--rows", name, ("dcgan",))
    chief = workers.Chief(strategies.make_strategy("one_device"))
    run = types.SimpleNamespace(config=ExperimentConfig(), strategy=chief)
    asked = types.SimpleNamespace(run=run, choice=types.SimpleNamespace(rows=(row,)))
    with pytest.raises(UserError, match=f"^--strategy=multi_worker: found row {name}, .*expected one process"):
        table.Table._check_rows(asked)
