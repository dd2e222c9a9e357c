"""The Stacked GAN from subset to trained GAN: its encoder, its stages in the main job, what they reuse, going on."""

import functools
import hashlib
import shutil
import types

import keras
import markdown_tables
import numpy as np
import pytest
import tensorflow as tf
import tiny
from gan_harness import assert_same
from PIL import Image

from tfgan_aug.classifiers import judges, networks
from tfgan_aug.commands import build_dataset
from tfgan_aug.core import artefacts
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import sources, subsets
from tfgan_aug.datasets import records
from tfgan_aug.experiments import families, inspection, main_job, stacked_stages
from tfgan_aug.experiments.run import Run
from tfgan_aug.gans.stacked import REPRESENTATIONS
from tfgan_aug.sampling import saved_models
from tfgan_aug.training import checkpoints, loop, progress, strategies

# The encoder


def test_the_encoder_is_the_originals():
    network = networks.encoder((32, 32, 3), 10)
    shapes = {layer.name: layer.output.shape[1:] for layer in network.layers if "flatten" not in layer.name}
    assert shapes == {
        "images": (32, 32, 3),
        "conv_1": (28, 28, 64),
        "pool_1": (14, 14, 64),
        "conv_2": (10, 10, 128),
        "pool_2": (5, 5, 128),
        "dense": (256,),
        "logits": (10,),
    }
    convolutions = 25 * 3 * 64 + 64 + 25 * 64 * 128 + 128
    assert network.count_params() == convolutions + (5 * 5 * 128 + 1) * 256 + (256 + 1) * 10 == 1_031_818
    activations = {layer.name: layer.activation.__name__ for layer in network.layers if hasattr(layer, "activation")}
    assert activations == {"conv_1": "relu", "conv_2": "relu", "dense": "relu", "logits": "linear"}


def test_the_encoders_width_and_dropout():
    network = networks.encoder((16, 16, 1), 4, width=0.1, dropout=(0.1, 0.2, 0.3))
    assert [layer.rate for layer in network.layers if isinstance(layer, keras.layers.Dropout)] == [0.1, 0.2, 0.3]
    widths = [layer.output.shape[-1] for layer in network.layers if layer.name in ("conv_1", "conv_2", "dense")]
    assert widths == [6, 13, 26] and network.output_shape == (None, 4)


@pytest.mark.parametrize("trained_on", ["subset", "source_train"])
def test_an_encoder_of_the_whole_source_leaks_and_is_another_one(trained_on, tmp_path):
    """Twelve images a class in the source, six in the subset."""
    root = tiny.save_images(tmp_path / "pictures", dict.fromkeys(tiny.COLOURS, 12))
    config = tiny.config(f"folder:{root}", gans="sgan", sgan__encoder__trained_on=trained_on)
    run = Run(config, tmp_path, None, sources.open_configured(config), None).of(config)
    images, labels = stacked_stages._encoder_arrays(run)
    leaks = trained_on == "source_train"
    assert len(images) == len(labels) == (36 if leaks else 18)
    assert [count for _, _, count, _ in stacked_stages.batches(run)] == [18, 36 if leaks else 18]
    encoder = stacked_stages.stage(run).parts[0]
    assert ("source" in encoder.dependencies) is leaks
    assert config.leaks(("sgan",)) == ("the Stacked GAN's encoder" if leaks else "")
    # Of the other GANs nothing depends on it.
    assert config.leaks(("dcgan",)) == "" == config.leaks(())
    config = tiny.config("shapes10", sgan__encoder__trained_on=trained_on, judge__trained_on="source_train")
    assert config.leaks(("sgan",)).startswith("the judge") and config.leaks(()) == ""


def spread_encoder():
    """An encoder whose representations are of quite different sizes, and images for it."""
    keras.utils.set_random_seed(1)
    network = networks.encoder((16, 16, 3), 3, width=0.1, dropout=(0.25, 0.25, 0.5))
    random = np.random.default_rng(0)
    for weight in network.trainable_variables:
        weight.assign(3 * weight + random.normal(0, 0.1, weight.shape))
    return network, random.integers(0, 256, (11, 16, 16, 3), np.uint8)


@pytest.mark.parametrize("block_size", [4, 250])
def test_even_out(block_size):
    network, images = spread_encoder()
    floats = images.astype(np.float32) / 127.5 - 1
    outputs = keras.Model(network.input, [network.get_layer(name).output for name in (*REPRESENTATIONS, "logits")])
    *before, logits = outputs.predict(floats, verbose=0)
    scales = [np.sqrt(np.mean(np.square(values))) for values in before]
    assert max(scales) > 3 and abs(scales[0] / scales[1] - 1) > 0.2
    networks.even_out(network, images, REPRESENTATIONS, block_size)
    *after, evened = outputs.predict(floats, verbose=0)
    for old, new, scale in zip(before, after, scales, strict=True):
        assert np.sqrt(np.mean(np.square(new, dtype=np.float64))) == pytest.approx(1, rel=1e-5)
        np.testing.assert_allclose(new, old / scale, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(evened, logits, rtol=1e-4, atol=1e-4 * np.abs(logits).max())
    np.testing.assert_array_equal(evened.argmax(1), logits.argmax(1))


@pytest.mark.parametrize("name, layer", [("pool_2", "conv_2"), ("dense", "dense")])
def test_a_dead_layer_cannot_be_evened_out(name, layer):
    network, images = spread_encoder()
    bias = network.get_layer(layer).bias
    bias.assign(tf.fill(bias.shape, -1e6))
    message = f"^{name}: found no output above 0 on 11 images, expected a trained encoder$"
    with pytest.raises(ValueError, match=message):
        networks.even_out(network, images, REPRESENTATIONS)


# Stages by what they depend on

PARTS = ("encoder", "level 0", "level 1", "joint")


def config(source="folder:of/pictures", gans="sgan", **fields):
    """A checkpoint a step, and rates at which two of them spread the images out."""
    rates = {"sgan__image_learning_rate": 0.3, "sgan__feature_learning_rate": 0.3, "sgan__joint_learning_rate": 0.01}
    return tiny.config(source, train_per_class=0, gans=gans, **{"sgan__checkpoint_steps": 1, **rates, **fields})


def stage_of(workdir, made, subset="abc"):
    return stacked_stages.stage(run_of(workdir, made, subset))


def run_of(workdir, made, digest="abc", **fields):
    """A run of what it has to have here; `digest` is that of its subset's stage."""
    return types.SimpleNamespace(
        config=made, workdir=workdir, subset_stage=types.SimpleNamespace(digest=digest), **fields
    )


def all_of(stage):
    """{name: stage} of the parts and the whole."""
    return dict(zip((*(PARTS[: len(stage.parts)]), "joint"), (*stage.parts, stage), strict=True))


@pytest.mark.parametrize(
    "fields, others",
    [
        ({"joint_steps": 3}, {"joint"}),
        ({"joint_learning_rate": 1e-3}, {"joint"}),
        ({"joint_weight": 0.5}, {"joint"}),
        ({"joint_noise": 0.5}, {"joint"}),
        ({"joint_dropout": 0.5}, {"joint"}),
        ({"image_steps": 3}, {"level 0", "joint"}),
        ({"image_learning_rate": 1e-3}, {"level 0", "joint"}),
        ({"image_width": 0.1}, {"level 0", "joint"}),
        ({"feature_steps": 3}, {"level 1", "joint"}),
        ({"feature_learning_rate": 1e-3}, {"level 1", "joint"}),
        ({"feature_width": 0.1}, {"level 1", "joint"}),
        ({"dropout": 0.5}, {"level 0", "level 1", "joint"}),
        ({"entropy_weight": 1.0}, {"level 0", "level 1", "joint"}),
        ({"batch_size": 8}, {"level 0", "level 1", "joint"}),
        ({"encoder__steps": 3}, set(PARTS)),
        ({"encoder__builder": "a:b"}, set(PARTS)),
    ],
)
def test_a_stage_is_another_when_what_it_depends_on_is(tmp_path, fields, others):
    before = all_of(stage_of(tmp_path, config()))
    after = all_of(stage_of(tmp_path, config(**{f"sgan__{name}": value for name, value in fields.items()})))
    assert tuple(before) == tuple(after) == PARTS and len({stage.path for stage in before.values()}) == 4
    assert {name for name in PARTS if before[name].digest != after[name].digest} == others


def test_everything_depends_on_the_subset_and_the_seed(tmp_path):
    stages = stage_of(tmp_path, config()), stage_of(tmp_path, config(), "abd"), stage_of(tmp_path, config(seed=1))
    assert len({stage.path for whole in stages for stage in all_of(whole).values()}) == 12
    # Nor does it depend on other models' settings.
    assert stage_of(tmp_path, config(dcgan__steps=9, judge__steps=9, samples__per_class=9)).digest == stages[0].digest


def test_neither_the_other_widths_nor_budgets_change_a_levels_start(tmp_path):
    """The weights that level 1 starts from: they may not depend on what its digest leaves out."""
    weights = []
    for fields in ({}, {"sgan__image_width": 0.1, "sgan__joint_noise": 0.5}):
        network = networks.encoder((16, 16, 3), 3, 0.1)
        weights.append(stacked_stages.build(config(**fields).sgan, network, 3).level(1))
    assert_same(*(level.generators[0] for level in weights))
    assert_same(*(level.discriminators[0] for level in weights))


# The main job


def sums(folder):
    """{path: digest} of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def quicken(patch):
    """A judge of any image, and few draws to measure levels by."""
    patch.setattr(judges, "Judge", tiny.AnyJudge)
    patch.setattr(inspection, "measure", functools.partial(inspection.measure, draws=2))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """(workdir, what the main job gave, its config) of one run with both GANs on three uneven classes."""
    place = tmp_path_factory.mktemp("whole")
    root = tiny.save_images(place / "pictures", {"blue": 12, "green": 8, "red": 6})
    made = config(source=f"folder:{root}", gans="dcgan,sgan")
    with pytest.MonkeyPatch.context() as patch:
        quicken(patch)
        result = main_job.build_dataset(made, main_job.Options(str(place / "work")))
    return place / "work", result, made


def subset_of(workdir):
    (path,) = workdir.glob("subset-*")
    return path


def stages_of(workdir, made):
    """The Stacked GAN's stage in a workdir that has a subset."""
    return stage_of(workdir, made, subset_of(workdir).name.removeprefix("subset-"))


def make(workdir, made):
    """The Stacked GAN's part of the main job alone."""
    stage, subset = stages_of(workdir, made), subsets.load(subset_of(workdir))
    strategy = strategies.make_strategy("one_device")
    families.make(stage, "sgan", run_of(workdir, made, subset=subset, strategy=strategy, progress=progress.Progress()))
    return stage


def draws(stage):
    return saved_models.load(stage.path)(np.arange(12) % 3, np.arange(12) * 2**33)


def copy(workdir, place, *names):
    """A copy of the subset and of these stages in another workdir."""
    for path in (subset_of(workdir), *names):
        shutil.copytree(path, place / path.name)
    return place


def test_fourteen_variants_in_the_order_of_table_2(whole):
    workdir, result, _ = whole
    names = ["real", "geo"]
    for gan in ("dcgan", "sgan"):
        names += [f"{gan}_fp", f"{gan}_fp_geo", f"{gan}_tp", f"{gan}_tp_geo", f"{gan}_tp_fp", f"{gan}_tp_fp_geo"]
    assert [dataset.variant for dataset in result.datasets] == names and len(names) == 14
    rows = markdown_tables.rows(build_dataset.text(result))[1:]
    assert [row[0] for row in rows] == [*("real", "pixel_mix", "dcgan_tp", "sgan_tp", "dcgan_fresh", "sgan_fresh")]
    records = {
        dataset.variant: artefacts.read_json(dataset.path / "provenance.json")["counts"]["train"]
        for dataset in result.datasets
    }
    real = {"real/none": [10, 6, 4]}
    assert records["sgan_tp"] == {**real, "sgan/tp": [10, 6, 4]}
    halves = {"sgan/tp": [5, 3, 2], "sgan/fp": [5, 3, 2]}
    assert records["sgan_tp_fp_geo"] == {**real, "geometric/none": [10, 6, 4], **halves}
    assert len(list(workdir.glob("pool-*"))) == 2


def test_the_stacked_gans_images_say_so(whole):
    dataset = whole[1].datasets[10]
    shards = [str(path) for path in dataset.path.glob("*-train.tfrecord*")]
    examples = [tf.io.parse_single_example(record, records.FEATURE_SPEC) for record in tf.data.TFRecordDataset(shards)]
    origins = [(example["origin"].numpy().decode(), example["verdict"].numpy().decode()) for example in examples]
    assert dataset.variant == "sgan_tp" and len(examples) == 40
    assert set(origins) == {("real", "none"), ("sgan", "tp")} and origins.count(("sgan", "tp")) == 20
    card = (dataset.path / "README.md").read_text()
    assert "generated images of a SGAN" in card and "DCGAN" not in card


def test_every_stage_leaves_what_it_promises(whole):
    workdir, _, made = whole
    own = {"stage.json", "seconds.json", "files.json"}
    expected = {
        "encoder": {"encoder.keras", "encoder.csv"},
        "level 0": {"level.weights.h5", "level.csv", "level.png", "tensorboard"},
        "level 1": {"level.weights.h5", "level.csv"},
        "joint": {"gan.keras", "gan.csv", "gan.png", "generator", "tensorboard"},
    }
    stages = all_of(stages_of(workdir, made))
    for name, stage in stages.items():
        assert {path.name for path in stage.path.iterdir()} == expected[name] | own
    steps = {"encoder": ["2"], "level 0": ["1", "2"], "level 1": ["1", "2"], "joint": ["1", "2"]}
    for name, stage in stages.items():
        (curve,) = stage.path.glob("*.csv")
        head, *lines = [line.split(",") for line in curve.read_text().splitlines()]
        assert head[0] == "step" and [line[0] for line in lines] == steps[name]
        assert {len(line) for line in lines} == {len(head)}
    assert {path.name for path in (workdir / "grids").iterdir()} >= {
        *(f"sgan_{name}" for name in ("tp.png", "fp.png", "levels.png", "latents.png", "levels.json"))
    }
    assert {path.name for path in workdir.glob("sgan*")} == {stage.path.name for stage in stages.values()}


def test_the_preview_of_the_lowest_level_starts_with_real_images(whole):
    workdir, _, made = whole
    with Image.open(stages_of(workdir, made).parts[1].path / "level.png") as picture:
        pixels = np.asarray(picture)
    subset = subsets.load(subset_of(workdir))
    assert pixels.shape == (3 * 34, 10 * 34, 3)
    for label in range(3):
        first = subset.train.images[subset.train.of_class(label)[0]]
        assert np.array_equal(pixels[34 * label : 34 * label + 32 : 2, :32:2], first)
        assert not np.array_equal(pixels[34 * label : 34 * label + 32 : 2, 34:66:2], first)


def test_the_gan_and_its_generator_are_one(whole):
    workdir, _, made = whole
    stage = stages_of(workdir, made)
    gan = keras.models.load_model(stage.path / "gan.keras", safe_mode=True)
    made = gan.generate(np.arange(12) % 3, np.arange(12) * 2**33, block_size=12)
    assert np.abs(made.astype(int) - draws(stage)).max() <= 1 and len(np.unique(made, axis=0)) > 3
    assert checkpoints.steps_done(gan) == 2
    # Joint training starts from the levels' weights: two steps of Adam with rate 0.01 move none by more than 0.05.
    levels = [gan.from_config(gan.get_config()).level(index) for index in range(2)]
    for level, part in zip(levels, stage.parts[1:], strict=True):
        level.compile()
        level.load_weights(part.path / "level.weights.h5")
        for alone, joint in ((level.generators, gan.generators), (level.discriminators, gan.discriminators)):
            weights = zip(
                alone[0].trainable_variables, joint[level.levels_in[0].index].trainable_variables, strict=True
            )
            moved = [float(np.abs(one.numpy() - other.numpy()).max()) for one, other in weights]
            assert 0 < max(moved) < 0.05


def test_without_joint_training_the_levels_stay_as_they_are(whole, tmp_path, monkeypatch):
    """Found again, not trained again; and the minutes to make an image count theirs."""
    workdir, _, made = whole
    before = stages_of(workdir, made)
    place = copy(workdir, tmp_path / "work", *(part.path for part in before.parts))
    for path in workdir.glob("*"):
        if path.is_dir() and not (place / path.name).exists() and not path.name.startswith("sgan-"):
            shutil.copytree(path, place / path.name)
    for part, seconds in zip(before.parts, (600, 1200, 1800), strict=True):
        artefacts.write_json(place / part.path.name / "seconds.json", seconds)
    kept = [sums(place / part.path.name) for part in before.parts]
    quicken(monkeypatch)
    changed = config(source=made.source, sgan__joint_steps=0)
    options = {"variants": "sgan_tp"}
    with pytest.raises(UserError, match="sgan_tp/1.0.0 holds a dataset with digest .*--overwrite replaces it"):
        main_job.build_dataset(changed, main_job.Options(str(place), **options))
    result = main_job.build_dataset(changed, main_job.Options(str(place), overwrite=True, **options))
    after = stages_of(place, changed)
    assert [sums(part.path) for part in after.parts] == kept and after.path.name != before.path.name
    assert {path.name for path in after.path.iterdir()} == {
        "gan.keras",
        "generator",
        "files.json",
        "stage.json",
        "seconds.json",
    }
    assert not np.array_equal(draws(after), draws(before))
    gan = keras.models.load_model(after.path / "gan.keras")
    for index, part in enumerate(after.parts[1:]):
        level = gan.from_config(gan.get_config()).level(index)
        level.compile()
        level.load_weights(part.path / "level.weights.h5")
        assert_same(level.generators[0], gan.generators[index])
        assert_same(level.discriminators[0], gan.discriminators[index])
    cells = markdown_tables.rows(build_dataset.text(result))[1]
    assert cells[0] == "sgan_tp" and 60 <= float(cells[4]) < 65


@pytest.fixture
def trained(monkeypatch):
    """The names of what would have been trained; its steps are left out."""
    names, show = [], progress.Progress.training

    def record(self, name, steps):
        names.append(name)
        return show(self, name, steps)

    monkeypatch.setattr(progress.Progress, "training", record)
    monkeypatch.setattr(loop, "fit", lambda *arguments, **options: None)
    return names


@pytest.mark.parametrize(
    "field, kept, names",
    [
        ("image_steps", (0, 2), ["sgan level 0", "sgan joint"]),
        ("feature_steps", (0, 1), ["sgan level 1", "sgan joint"]),
    ],
)
def test_another_budget_leaves_the_other_parts(whole, tmp_path, trained, field, kept, names):
    workdir, _, made = whole
    place = copy(workdir, tmp_path, *(part.path for part in stages_of(workdir, made).parts))
    before = [sums(part.path) for part in stages_of(place, made).parts]
    after = make(place, config(**{f"sgan__{field}": 3}))
    assert trained == names
    for index in kept:
        assert after.parts[index].path.name == stages_of(workdir, made).parts[index].path.name
        assert sums(after.parts[index].path) == before[index]
    assert after.done and len(list(place.glob("sgan-level-*"))) == 3


def test_cut_off_in_a_level_and_in_joint_training_it_ends_with_the_same_gan(whole, tmp_path, monkeypatch):
    workdir, _, made = whole
    expected = stages_of(workdir, made)
    place = copy(workdir, tmp_path, *(part.path for part in expected.parts[:2]))
    fit = loop.fit

    def cut_off(model, arrays, budget, directory, callbacks, **options):
        first_try = [] if directory.exists() else [tiny.InterruptAfter(2)]
        fit(model, arrays, budget, directory, callbacks=[*callbacks, *first_try], **options)

    monkeypatch.setattr(loop, "fit", cut_off)
    for name, kept in (("sgan-level-1", "checkpoints-level"), ("sgan", "checkpoints-gan")):
        with pytest.raises(tiny.Interrupted):
            make(place, made)
        (folder,) = place.glob("*.partial")
        assert folder.name.rpartition("-")[0] == name
        assert [path.name for path in (folder / kept).iterdir()] == ["step-00000001.weights.h5"]
    stage = make(place, made)
    np.testing.assert_array_equal(draws(stage), draws(expected))
    for one, other in zip(all_of(stage).values(), all_of(expected).values(), strict=True):
        (curve,) = one.path.glob("*.csv")
        assert curve.read_bytes() == (other.path / curve.name).read_bytes()
    first, second = (keras.models.load_model(each.path / "gan.keras") for each in (stage, expected))
    assert_same(first, second)
    assert_same(first.optimizer, second.optimizer)
    assert not list(place.rglob("*partial*")) and not list(place.rglob("checkpoints-*"))


@pytest.fixture
def eagerly():
    """No graphs: less than half the time for models that take a step."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.mark.parametrize(
    "stacks, fields",
    [
        (1, {"sgan__generator_steps": 0, "sgan__generator_loss": "saturating"}),
    ],
)
def test_one_stack(whole, tmp_path, stacks, fields):
    workdir, _, made = whole
    place = copy(workdir, tmp_path, stages_of(workdir, made).parts[0].path)
    steps = {f"sgan__{kind}_steps": 1 for kind in ("image", "feature", "joint")}
    stage = make(place, config(sgan__stacks=stacks, **steps, **fields))
    names = [part.name for part in stage.parts]
    assert names == ["sgan-encoder", *(f"sgan-level-{level}" for level in range(stacks))]
    assert all(part.done for part in stage.parts) and len(list(place.glob("sgan*"))) == stacks + 2
    # With one stack there is no image from features to show.
    assert len(list(place.glob("*/level.png"))) == (stacks > 1)
    columns = (stage.path / "gan.csv").read_text().partition("\n")[0].split(",")
    assert sum(name.startswith("latents") for name in columns) == stacks and "g_steps" in columns
    images = draws(stage)
    assert images.shape == (12, 16, 16, 3) and len(np.unique(images, axis=0)) == 12
