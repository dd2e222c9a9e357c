"""Feature networks, and what tools.measure writes: records, cards, figures; near-copies dropped on request."""

import numpy as np
import pytest
import tensorflow as tf
import tiny
from PIL import Image

from tfgan_aug.classifiers import classifier, judges
from tfgan_aug.commands import measure, run_table
from tfgan_aug.core import artefacts
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import sources, subsets
from tfgan_aug.datasets import augmented
from tfgan_aug.evaluation import copying, features
from tfgan_aug.experiments import feature_stage, judge_stage, measures
from tfgan_aug.experiments.run import Run
from tfgan_aug.sampling import near_copies, rules
from tfgan_aug.training import monitor


@pytest.fixture(autouse=True)
def any_judge(monkeypatch):
    monkeypatch.setattr(judges, "Judge", tiny.AnyJudge)


def config_of(root, **fields):
    small = {"width": 0.05, "steps": 2, "batch_size": 4, "recipe": "paper", "pairs": 3}
    made = {f"metrics__{name}": value for name, value in small.items()}
    return tiny.config(f"folder:{root}", **made, table__resamples=1000, **fields)


def save_sets(folder, count):
    tiny.save_images(folder / "train", dict.fromkeys(tiny.COLOURS, count))
    return tiny.save_images(folder / "test", dict.fromkeys(tiny.COLOURS, 3), first=500).parent


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """60 images a class, of which 52 are no subset's."""
    return save_sets(tmp_path_factory.mktemp("large") / "colours", 60)


@pytest.fixture(scope="module")
def measured(large, tmp_path_factory):
    """The workdir of a table with one GAN, measured; what was printed."""
    workdir = tmp_path_factory.mktemp("measured") / "work"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judges, "Judge", tiny.AnyJudge)
        options = {"rows": "real,dcgan_tp,dcgan_fp", "gan_seeds": "0", "classifier_seeds": "0"}
        run_table.run(config_of(large), run_table.Options(workdir=str(workdir), **options))
        return workdir, measure.run(config_of(large), workdir)


def test_reporting_images_are_neither_trained_on_nor_held_out_nor_shared(large):
    config = config_of(large)
    source = sources.open_configured(config)
    subset = subsets.read(source, config)
    train, reference = feature_stage.choose(source, subset, config.metrics, 0)
    seen = {*subset.train.ids, *subset.held_out.ids}
    ids = [{source.train.ids[place] for place in places} for places in (train, reference)]
    assert not ids[0] & ids[1] and not (ids[0] | ids[1]) & seen and len(ids[0] | ids[1]) == 3 * 52
    assert np.bincount(source.train.labels[reference]).tolist() == [26] * 3
    again, other = (feature_stage.choose(source, subset, config.metrics, seed)[1] for seed in (0, 1))
    assert np.array_equal(reference, again) and not np.array_equal(reference, other)


def test_what_is_read_is_in_the_digests(tmp_path):
    """The reporting network reads unused training images, a leaking judge all; the subset its own alone."""
    root = save_sets(tmp_path / "colours", 60)

    def digests(**fields):
        config = config_of(root, **fields)
        run = Run(config, tmp_path, None, sources.open_configured(config), None).of(config)
        return feature_stage.stage(run).digest, judge_stage.stage(run).digest, run.subset_stage.digest, run

    before, leaking = digests(), digests(judge__trained_on="source_train")
    unused = before[3].source.train.ids[feature_stage.unused(before[3].source, before[3].subset)[0]]
    path = root / unused if (root / unused).is_file() else root / "train" / unused
    path.write_bytes((root / "test" / "red" / "500.png").read_bytes())
    after, leaked = digests(), digests(judge__trained_on="source_train")
    assert after[0] != before[0] and after[1:3] == before[1:3]
    assert leaked[1] != leaking[1] and leaked[2] == leaking[2]


def test_features_are_the_inputs_of_the_last_layer(large):
    section = config_of(large).metrics
    model = classifier.build("--config.metrics", section, (16, 16, 3), 3, seed=0)
    images = np.random.default_rng(0).integers(0, 256, (7, 16, 16, 3), np.uint8)
    found = features.Network("cnn", [model])(images)
    last = model.network.layers[-1]
    logits = found.values @ last.kernel.numpy() + last.bias.numpy()
    np.testing.assert_allclose(tf.nn.softmax(logits), model.probabilities(images), atol=1e-6)
    other = features.Network("cnn", [classifier.build("--config.metrics", section, (16, 16, 3), 3, seed=1)])(images)
    with pytest.raises(UserError, match="features of different networks cannot be compared"):
        features.check_same(found, other)


def test_feature_files_name_their_network_and_version(tmp_path):
    path = tmp_path / "features.npz"
    made = features.Features("cnn", "a" * 64, np.ones((2, 3), np.float32))
    features.save(path, made)
    assert np.array_equal(features.load(path, "a" * 64).values, made.values)
    with pytest.raises(UserError, match=f"{path}: found features of the network a{{16}} .cnn., expected b"):
        features.load(path, "b" * 64)
    np.savez(path, version=99, name="cnn", network="a" * 64, values=made.values)
    with pytest.raises(UserError, match="found features of version 99, expected 1"):
        features.load(path, "a" * 64)


def inception_file(path):
    """A graph with the nodes of the published one: the mean of the pixels instead of a network."""
    with tf.Graph().as_default() as graph:
        raw = tf.compat.v1.placeholder(tf.float32, (None, None, None, 3), "raw")
        images = tf.identity(raw, name="ExpandDims")
        tf.reduce_mean(images, axis=(1, 2), keepdims=True, name="pool_3")
    path.write_bytes(graph.as_graph_def().SerializeToString())
    return path


def test_inception_is_read_from_a_local_file(tmp_path):
    network = features.Inception("--config.metrics.inception", inception_file(tmp_path / "graph.pb"))
    images = np.random.default_rng(0).integers(0, 256, (60, 16, 16, 3), np.uint8)
    np.testing.assert_allclose(network(images).values, images.mean(axis=(1, 2)), rtol=1e-5)
    assert network(images[..., :1]).values.shape == (60, 3)
    with pytest.raises(UserError, match="--config.metrics.inception: cannot read"):
        features.Inception("--config.metrics.inception", tmp_path / "none.pb")
    (tmp_path / "other.pb").write_bytes(b"no graph")
    with pytest.raises(UserError, match="is no Inception graph"):
        features.Inception("--config.metrics.inception", tmp_path / "other.pb")


def test_a_record_says_how_good_and_how_new_each_set_is(measured):
    workdir, printed = measured
    made = artefacts.read_json(workdir / measures.FILE)
    assert [record["variants"] for record in made["sets"]] in (
        [["dcgan_fp"], ["dcgan_tp"]],
        [["dcgan_tp"], ["dcgan_fp"]],
    )
    for record in made["sets"]:
        assert record["images"] == 18 and list(record["quality"]) == ["cnn", "judge"]
        own = record["quality"]["cnn"]
        assert own["overall"]["fake"] == 18 and own["overall"]["real"] == 78
        assert [own["classes"][name]["fake"] for name in made["classes"]] == [6, 6, 6]
        assert own["overall"]["frechet_distance"] is None and "expected 52" in own["overall"]["why"]["frechet_distance"]
        assert own["overall"]["kernel_distance"] is not None
        assert list(record["copying"]) == ["cnn", "pixels"]
        assert record["copying"]["pixels"]["ct"] is None and "expected 40" in record["copying"]["pixels"]["why"]
        # After two steps the DCGAN's images are grey: no patch of theirs counts.
        assert record["patches"]["copied"] is None and 0 <= record["patches"]["unused"] <= 1
        with Image.open(workdir / record["pairs"]) as picture:
            assert picture.height >= 4 * 2 * 16
    assert "KID-cnn" in printed and "FID" not in printed


def test_numbers_of_copying_are_those_of_the_images(measured, large):
    """A second path: the dataset read with TFDS, the source with Pillow, distances by brute force."""
    workdir, _ = measured
    record = next(r for r in artefacts.read_json(workdir / measures.FILE)["sets"] if r["variants"] == ["dcgan_tp"])
    dataset = augmented.Dataset(workdir / "tensorflow_datasets_gan_seed_0", "colours_gan_aug", "dcgan_tp")
    images, origin = dataset.load("train", "image", "origin")
    flat = images.reshape(len(images), -1).astype(float)
    real, fake = flat[origin == "real"], flat[origin == "dcgan"]
    between = np.linalg.norm(real[:, None] - real[None], axis=2) + np.diag(np.full(len(real), np.inf))
    across = np.linalg.norm(fake[:, None] - real[None], axis=2)
    limit = np.quantile(between.min(axis=1), 0.01)
    own = record["copying"]["pixels"]["thresholds"]["training images"]
    assert own["limit"] == pytest.approx(limit) and own["share"] == (across.min(axis=1) < limit).mean()
    authentic = between.min(axis=1)[across.argmin(axis=1)] < across.min(axis=1)
    assert record["copying"]["pixels"]["authenticity"] == pytest.approx(authentic.mean())


def test_cards_hold_the_measures_and_their_sums(measured):
    workdir, _ = measured
    for dataset in measures.datasets_in([workdir]):
        card = (dataset.path / "README.md").read_text()
        if dataset.variant == "real":
            assert "No image of this dataset is generated." in card
            continue
        assert card.count("## Images") == card.count("## Measured") == 1 and "KID-cnn" in card and "blue" in card
        sums = (dataset.path / "SHA256SUMS").read_text()
        assert "closest_pairs.png" in sums and (dataset.path / "closest_pairs.png").is_file()


def test_measuring_again_computes_nothing(measured, large, monkeypatch):
    workdir, printed = measured
    monkeypatch.setattr(measures.quality, "measure", lambda *args: pytest.fail("measured again"))
    assert measure.run(config_of(large), workdir) == printed


def test_without_unused_images_the_judge_stands_in_and_says_so(tmp_path):
    root = save_sets(tmp_path / "colours", 8)
    options = {"rows": "dcgan_tp", "gan_seeds": "0", "classifier_seeds": "0"}
    run_table.run(config_of(root), run_table.Options(workdir=str(tmp_path / "work"), **options))
    printed = measure.run(config_of(root), tmp_path / "work")
    made = artefacts.read_json(tmp_path / "work" / measures.FILE)
    assert "KID-judge" in printed and "a copy looks perfect: left 0 unused" in printed
    assert list(made["sets"][0]["quality"]) == ["judge"] and made["sets"][0]["copying"]["pixels"]["ct"] is None


def test_a_workdir_without_datasets_is_named(tmp_path, large):
    with pytest.raises(UserError, match="--workdir: found no datasets"):
        measure.run(config_of(large), tmp_path / "empty")


def test_near_copies_are_neither_tp_nor_fp(large):
    train = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), np.uint8)
    fresh = np.random.default_rng(1).integers(0, 256, (3, 16, 16, 3), np.uint8)
    near = np.clip(train[:2].astype(int) + 1, 0, 255).astype(np.uint8)
    model = classifier.build("--config.judge", config_of(large).judge, (16, 16, 3), 3, seed=0)
    for spaces in (["pixels"], ["features"], ["pixels", "features"]):
        screen = near_copies.Screen(train, [model], spaces, 0.01)
        assert screen(np.concatenate([near, train[5:6]])).all()
    screen = near_copies.Screen(train, [model], ["pixels"], 0.01)
    assert not screen(fresh).any()
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.9, 0.1], [0.2, 0.8]])
    codes = rules.Screened(rules.ThresholdRule(), screen).verdicts(0, probabilities, np.concatenate([near, fresh[:2]]))
    assert codes.tolist() == [0, 0, 1, 2]


def test_dropping_copies_changes_the_dataset_and_its_digest(tmp_path, measured, large, monkeypatch):
    """A limit above every distance drops all: the variant is then short, by that reason alone."""
    workdir, _ = measured
    monkeypatch.setattr(copying, "threshold", lambda *args: np.inf)
    config = config_of(large, samples__drop_copies="pixels")
    options = {"rows": "dcgan_tp", "gan_seeds": "0", "classifier_seeds": "0"}
    with pytest.raises(UserError, match="too few TP images"):
        run_table.run(config, run_table.Options(workdir=str(tmp_path / "work"), **options))


def test_the_monitor_writes_the_grid_and_cheap_metrics(tmp_path):
    rng = np.random.default_rng(0)
    real, labels = rng.integers(0, 256, (300, 16, 16, 3), np.uint8), rng.integers(0, 3, 300)

    class Gan:
        classes = 3

        def __init__(self, collapsed):
            self.collapsed = collapsed

        def generate(self, labels, seeds):
            picks = np.zeros_like(seeds) if self.collapsed else seeds
            return real[picks]

    found = []
    for collapsed in (False, True):
        callback = monitor.Monitor(tmp_path / "gan.png", monitor.classes_in_rows, (real, labels))
        callback.set_model(Gan(collapsed))
        found.append(callback.measure())
    assert found[0]["recall-pixels"] > 0.7 > 0.1 > found[1]["recall-pixels"]
    assert found[0]["KID-pixels"] < found[1]["KID-pixels"]
    small = monitor.Monitor(tmp_path / "gan.png", monitor.classes_in_rows, (real[:3], labels[:3]))
    assert small.measure() == {}
    hand = monitor.thumbnails(np.full((1, 16, 16, 1), 51, np.uint8))
    assert hand.shape == (1, 64) and np.allclose(hand, 0.2)


def test_a_training_leaves_tensorboard_files_with_fixed_grids(measured):
    workdir, _ = measured
    (path,) = workdir.glob("dcgan-*/tensorboard/gan/events*")
    tags, steps = set(), set()
    for event in tf.data.TFRecordDataset(str(path)):
        parsed = tf.compat.v1.Event.FromString(event.numpy())
        tags |= {value.tag for value in parsed.summary.value}
        steps |= {parsed.step} if parsed.summary.value else set()
    assert {"samples", "recall-pixels", "KID-pixels", "precision-pixels", "d_loss", "g_loss"} <= tags
    assert steps == {2}


def test_sets_of_one_name_are_told_apart_by_their_points(tmp_path):
    folder = tmp_path / "sweeps" / "threshold"
    folder.mkdir(parents=True)
    artefacts.write_json(folder / "sweep.json", {"points": [{"label": "margin 0:1", "datasets": ["b", "d"]}]})
    sets = [
        {"variants": ["dcgan_tp", "dcgan_tp_geo"], "gan_seed": 0, "datasets": ["a"]},
        {"variants": ["dcgan_tp"], "gan_seed": 0, "datasets": ["b"]},
        {"variants": ["dcgan_tp"], "gan_seed": 0, "datasets": ["c"]},
        {"variants": ["dcgan_tp"], "gan_seed": 1, "datasets": ["d"]},
    ]
    found = measures.titles(sets, tmp_path)
    assert found == ["dcgan_tp, dcgan_tp_geo", "dcgan_tp (threshold: margin 0:1)", "dcgan_tp", "dcgan_tp"]
