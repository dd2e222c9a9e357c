"""The stage of a GAN whose discriminator is a classifier: one Keras model, exported as both.

Artefacts: those of `single_model`, and `classifier.keras`, the discriminator as a `classifiers.classifier.Classifier`.
"""

import keras

# Imported so that Keras knows the classes that the file names.
from tfgan_aug.classifiers import classifier  # noqa: F401
from tfgan_aug.core import artefacts
from tfgan_aug.experiments.single_model import SingleModel

_CLASSIFIER = "classifier.keras"


class CoupledModel(SingleModel):
    """A `families.Family`: a GAN with a property `classifier`, such as `gans.coupled.Coupled`."""

    def train(self, folder, stage, run):
        """See `families.Family`."""
        model = super().train(folder, stage, run)
        with run.strategy.scope():
            model.classifier.save(folder / _CLASSIFIER)
        return model


def classifier_of(stage):
    """Returns the `Classifier`, not compiled, that the finished stage of a coupled GAN holds."""
    with artefacts.loading(stage.path):
        return keras.models.load_model(stage.path / _CLASSIFIER)
