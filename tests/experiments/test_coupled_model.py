"""A table of the coupled GAN: what its stage leaves, and the rows that take its classifier."""

import keras
import numpy as np
import pytest
import tiny

from tfgan_aug.classifiers import judges
from tfgan_aug.commands import run_table
from tfgan_aug.core import artefacts

ROWS = ("coupled_fresh", "coupled_classifier", "coupled_both")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(Workdir of a finished table, {row: folder of its cell}, folder of test images)."""
    folder = tmp_path_factory.mktemp("coupled")
    tiny.save_images(folder / "colours" / "train", dict.fromkeys(tiny.COLOURS, 8))
    tiny.save_images(folder / "colours" / "test", dict.fromkeys(tiny.COLOURS, 4), first=50)
    options = {"width": 1, "discriminator_width": 0.05, "latent_dim": 4, "batch_size": 4, "steps": 3}
    options = {f"coupled__{name}": value for name, value in options.items()}
    config = tiny.config(
        f"folder:{folder / 'colours'}", gans="coupled", table__fresh_tries=0, table__resamples=1000, **options
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judges, "Judge", tiny.AnyJudge)
        run_table.run(config, run_table.Options(workdir=str(folder / "work"), rows=",".join(ROWS), seeds="0"))
    cells = {artefacts.read_json(path)["row"]: path.parent for path in (folder / "work").glob("cell-*/result.json")}
    return folder / "work", cells, folder / "colours" / "test"


def test_the_stage_leaves_the_models_own_classifier(made):
    (stage,) = made[0].glob("coupled-*/stage.json")
    gan, alone = (keras.models.load_model(stage.parent / f"{name}.keras") for name in ("gan", "classifier"))
    images = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), np.uint8)
    np.testing.assert_array_equal(alone.probabilities(images), gan.classifier.probabilities(images))
    assert (stage.parent / "generator").is_dir()


def test_the_classifier_is_scored_as_it_is(made):
    workdir, cells, test = made
    result = artefacts.read_json(cells["coupled_classifier"] / "result.json")
    assert (result["steps"], result["images"], result["gan_seed"]) == (0, 18, 0)
    assert not (cells["coupled_classifier"] / "classifier.csv").exists()
    (path,) = workdir.glob("coupled-*/classifier.keras")
    correct = []
    for label, name in enumerate(sorted(tiny.COLOURS)):
        images = np.stack([keras.utils.img_to_array(keras.utils.load_img(p)) for p in sorted((test / name).iterdir())])
        found = keras.models.load_model(path).probabilities(images.astype(np.uint8)).argmax(axis=1)
        correct.append(int((found == label).sum()))
    assert result["test"] == {"correct": correct, "total": [4, 4, 4]}


def test_training_goes_on_from_the_classifier(made):
    """The same steps on the same images from another start: other losses."""
    fresh, both = (made[1][name] for name in ("coupled_fresh", "coupled_both"))
    assert [artefacts.read_json(path / "result.json")["steps"] for path in (fresh, both)] == [2, 2]
    assert (fresh / "classifier.csv").read_text() != (both / "classifier.csv").read_text()
