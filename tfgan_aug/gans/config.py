"""The options of the GANs, and how they are trained. Makes no file; imports no TensorFlow.

`<GAN>Options` is what the model takes, with the model's defaults; `<GAN>Config` is the config's section, with defaults
for few images on a CPU.
"""

import dataclasses
from typing import Literal

from tfgan_aug.classifiers.config import EncoderConfig
from tfgan_aug.core import fields
from tfgan_aug.core.fields import field, with_default

Policy = Literal["color", "translation", "flip"]
Upsampling = Literal["transposed", "resize"]
Loss = Literal["non_saturating", "saturating"]


@dataclasses.dataclass(kw_only=True)
class DCGANOptions(fields.Section):
    """What a `DCGAN` takes."""

    latent_dim: int = field(100, "random numbers that an image is made of", fields.positive.up_to(10_000))
    width: int = field(64, "filters beside the image; they double inwards", fields.positive.up_to(1_024))
    activations: Literal["dcgan", "paper"] = field(
        "dcgan", "ReLU in the generator and LeakyReLU in the discriminator, or LeakyReLU and tanh"
    )
    generator_loss: Loss = field("non_saturating", "of the generator")
    normalization: Literal["batch", "spectral", "none"] = field("batch", "of the discriminator; batch is DCGAN's own")
    augmentation: tuple[Policy, ...] = field((), "of what the discriminator sees (DiffAugment)")
    updates: Literal["shared", "alternating"] = field(
        "shared", "both networks learn on the same generated images, or each on its own"
    )
    color_share: float = field(
        1.0,
        "of the images whose colours the discriminator sees changed, where augmentation has color",
        fields.up_to_1,
        late=True,
    )
    upsampling: Upsampling = field(
        "transposed",
        "how the generator doubles sides: by the paper's transposed convolutions, or resized and convolved, which "
        "leaves no chequered pattern",
        late=True,
    )


@dataclasses.dataclass(kw_only=True)
class DCGANConfig(DCGANOptions):
    """The DCGAN, and how it is trained."""

    width: int = with_default(DCGANOptions, "width", 16)
    augmentation: tuple[Policy, ...] = with_default(DCGANOptions, "augmentation", ("color", "translation", "flip"))
    conditioning: Literal["label", "per_class"] = field("label", "one DCGAN for all classes, or one for each")
    learning_rate: float = field(
        5e-4, "DCGAN's own is 2e-4: narrow networks and few steps bear more", fields.positive.up_to(10)
    )
    beta_1: float = field(0.5, "of Adam", fields.share)
    batch_size: int = field(64, "images a step", fields.positive.up_to(65_536))
    balanced: bool = field(False, "every class as often in the batches, however rare it is", late=True)
    averaging: float = field(
        0.0,
        "of the steps, over which the generator's weights are averaged at the end, its batch statistics anew; 0: not",
        fields.share,
        late=True,
    )
    epochs: int = field(192, "passes over the training images", fields.at_least_zero)
    steps: int = field(0, "above 0: the budget in steps, and epochs must be 0", fields.at_least_zero)
    checkpoint_steps: int = field(500, "steps from one checkpoint to the next", fields.positive, changes_result=False)

    def together(self) -> str:
        """See `fields.Section.together`."""
        if (self.epochs > 0) != (self.steps > 0):
            return ""
        return f"found epochs={self.epochs} and steps={self.steps}, expected one above 0 and the other 0"


@dataclasses.dataclass(kw_only=True)
class PairsOptions(fields.Section):
    """What a `Pairs` takes."""

    latent_dim: int = field(16, "random numbers that make one image of another", fields.positive.up_to(1_000))
    width: int = field(16, "filters beside the image; they double inwards", fields.at_least(4, 1_024))
    divergence_weight: float = field(0.003, "of the latents' divergence from N(0, 1)", fields.at_least_zero)
    flip: bool = field(False, "mirrored pairs are learnt from, too: not for letters or digits")


@dataclasses.dataclass(kw_only=True)
class PairsConfig(PairsOptions):
    """The generator that starts from real images, and how it is trained."""

    width: int = with_default(PairsOptions, "width", 8)
    learning_rate: float = field(5e-4, "at first; by a cosine to zero", fields.positive.up_to(10))
    beta_1: float = field(0.5, "of Adam", fields.share)
    batch_size: int = field(48, "pairs a step", fields.positive.up_to(65_536))
    steps: int = field(750, "training steps", fields.positive)
    checkpoint_steps: int = field(500, "steps from one checkpoint to the next", fields.positive, changes_result=False)


@dataclasses.dataclass(kw_only=True)
class ComposerOptions(fields.Section):
    """What a `Composer` takes."""

    width: int = field(16, "filters beside the image; they double inwards", fields.at_least(4, 1_024))
    reconstruction_weight: float = field(
        100.0, "of the squared error of both images where nothing is mixed", fields.at_least_zero
    )
    pyramid_weight: float = field(
        1.0, "of the distance of Laplacian pyramids from that of pixels mixed alike", fields.at_least_zero
    )
    adversarial_weight: float = field(
        0.3, "of how far the discriminator's scores of mixed images are from real", fields.at_least_zero
    )
    flip: bool = field(False, "mirrored images are learnt from, too: not for letters or digits")


@dataclasses.dataclass(kw_only=True)
class ComposerConfig(ComposerOptions):
    """The generator that composes two real images, and how it is trained."""

    width: int = with_default(ComposerOptions, "width", 8)
    learning_rate: float = field(2e-3, "at first; by a cosine to zero", fields.positive.up_to(10))
    beta_1: float = field(0.5, "of Adam", fields.share)
    batch_size: int = field(48, "pairs a step", fields.positive.up_to(65_536))
    steps: int = field(750, "training steps", fields.positive)
    checkpoint_steps: int = field(500, "steps from one checkpoint to the next", fields.positive, changes_result=False)


@dataclasses.dataclass(kw_only=True)
class CoupledOptions(fields.Section):
    """What a `Coupled` takes."""

    latent_dim: int = field(100, "random numbers that an image is made of", fields.positive.up_to(10_000))
    width: int = field(
        64, "filters of the generator beside the image; they double inwards", fields.positive.up_to(1_024)
    )
    discriminator_width: float = field(
        1.0, "of the discriminator, beside normalized_cnn's own", fields.positive.up_to(16)
    )
    upsampling: Upsampling = field("transposed", "of the generator: convolutions, or resized and convolved")
    feature_weight: float = field(0.5, "of the difference of mean features; 0.5 is DADA's", fields.at_least_zero)
    entropy_weight: float = field(
        0.0, "of the error of the recovered latents; DADA has no such loss", fields.at_least_zero
    )
    generator_steps: int = field(2, "for each of the discriminator; 2 is DADA's", fields.positive.up_to(100))
    augmentation: tuple[Policy, ...] = field((), "of what the discriminator sees (DiffAugment)")


@dataclasses.dataclass(kw_only=True)
class CoupledConfig(CoupledOptions):
    """The GAN whose discriminator is the classifier, and how it is trained."""

    latent_dim: int = with_default(CoupledOptions, "latent_dim", 16)
    width: int = with_default(CoupledOptions, "width", 16)
    discriminator_width: float = with_default(CoupledOptions, "discriminator_width", 0.25)
    entropy_weight: float = with_default(CoupledOptions, "entropy_weight", 10.0)
    augmentation: tuple[Policy, ...] = with_default(CoupledOptions, "augmentation", ("color", "translation"))
    learning_rate: float = field(5e-4, "of both networks; DADA's own is 3e-4", fields.positive.up_to(10))
    beta_1: float = field(0.5, "of Adam", fields.share)
    batch_size: int = field(32, "images a step", fields.positive.up_to(65_536))
    steps: int = field(1_500, "training steps", fields.positive)
    checkpoint_steps: int = field(500, "steps from one checkpoint to the next", fields.positive, changes_result=False)


@dataclasses.dataclass(kw_only=True)
class StackedGANOptions(fields.Section):
    """What a `StackedGAN` takes beside its encoder."""

    stacks: Literal[1, 2, 3] = field(2, "generators on top of each other")
    architecture: Literal["huang", "paper"] = field(
        "huang", "the original's layers, or each generator a dense layer and 4 transposed convolutions"
    )
    image_width: float = field(1.0, "of the lowest networks, beside the original's", fields.positive.up_to(16))
    feature_width: float = field(1.0, "of those above: they cost little", fields.positive.up_to(16))
    top_latent_dim: int = field(50, "random numbers of the highest level", fields.positive.up_to(10_000))
    latent_dim_below: int = field(16, "random numbers of each other level", fields.positive.up_to(10_000))
    discriminator_form: Literal["class_logits", "one_logit"] = field(
        "class_logits", "the original's CIFAR-10 code, or its paper"
    )
    generator_loss: Loss = field("saturating", "saturating is the original's CIFAR-10 code")
    generator_steps: int = field(
        0,
        "for each of the discriminator; 0: 1, 3, 5 or 7 by its loss, as the original",
        fields.at_least_zero.up_to(100),
    )
    adversarial_weight: float = field(1.0, "of the adversarial loss", fields.at_least_zero)
    conditional_weight: float = field(1.0, "of the error of the condition that the encoder sees", fields.at_least_zero)
    entropy_weight: float = field(10.0, "of the error of the recovered latents", fields.at_least_zero)
    label_weight: float = field(1.0, "of the discriminators' class loss", fields.at_least_zero)
    joint_weight: float = field(0.01, "of a lower level's loss in the generator above it", fields.at_least_zero)
    dropout: float = field(0.1, "of the discriminators of images and maps, trained alone", fields.share)
    joint_dropout: float = field(0.3, "of the same, trained jointly", fields.share)
    joint_noise: float = field(0.2, "deviation after hidden layers of vectors' discriminators", fields.at_least_zero)
    augmentation: tuple[Policy, ...] = field((), "of what the discriminator of images sees; the original: none")


@dataclasses.dataclass(kw_only=True)
class StackedGANConfig(StackedGANOptions):
    """The Stacked GAN, and how it is trained."""

    image_width: float = with_default(StackedGANOptions, "image_width", 0.25)
    generator_loss: Loss = with_default(StackedGANOptions, "generator_loss", "non_saturating")
    generator_steps: int = with_default(StackedGANOptions, "generator_steps", 1)
    augmentation: tuple[Policy, ...] = with_default(StackedGANOptions, "augmentation", ("color", "translation", "flip"))
    image_learning_rate: float = field(
        4e-4, "of the lowest level alone; the original's are all 1e-4", fields.positive.up_to(10)
    )
    feature_learning_rate: float = field(1e-4, "of each level above it alone", fields.positive.up_to(10))
    joint_learning_rate: float = field(2e-4, "of all levels together", fields.positive.up_to(10))
    image_steps: int = field(3_500, "of the lowest level alone; the original: 200 epochs", fields.positive)
    feature_steps: int = field(4_000, "of each level above it alone; the original: 200 epochs", fields.positive)
    joint_steps: int = field(1_500, "of all levels together; 0: the levels as they are", fields.at_least_zero)
    beta_1: float = field(0.5, "of Adam", fields.share)
    batch_size: int = field(64, "images a step", fields.positive.up_to(65_536))
    checkpoint_steps: int = field(500, "steps from one checkpoint to the next", fields.positive, changes_result=False)
    encoder: EncoderConfig = fields.section(EncoderConfig)
