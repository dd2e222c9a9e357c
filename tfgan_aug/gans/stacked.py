"""The Stacked GAN (Huang et al., CVPR 2017): generators that undo a classifier, representation by representation."""

import keras
import numpy as np
import tensorflow as tf

from tfgan_aug.core import checks, fields, labelled, optimizers, pixels, streams
from tfgan_aug.gans import stacked_networks
from tfgan_aug.gans.adversarial import DrawsImages, split_options
from tfgan_aug.gans.config import StackedGANOptions
from tfgan_aug.gans.levels import Level, StackLevels

# The encoder's layers that a stack may end at, highest last; the lowest representation is the image itself.
REPRESENTATIONS = ("pool_2", "dense")
_BLOCK = 250


def split(encoder, names):
    """The encoder, a chain of layers, cut after the layers `names`: functional models, image first, logits last."""
    layers, parts = encoder.layers[1:], []
    x = inputs = keras.Input(encoder.input_shape[1:])
    for layer in layers:
        x = layer(x)
        if layer.name in names or layer is layers[-1]:
            parts.append(keras.Model(inputs, x, name=f"encoder_{len(parts)}"))
            x = inputs = keras.Input(x.shape[1:])
    return parts


@keras.saving.register_keras_serializable("tfgan_aug")
class StackedGAN(DrawsImages, StackLevels):
    """A stack of GANs that undoes `encoder`: labels -> dense features (-> second pooling) -> images.

    `fit` on (uint8 images (N, H, W, C), int labels (N,)) trains all levels jointly; `level(i).fit` one level on its
    own, on what `level_data` gives; then `generate(labels, seeds)`.

    Arguments: `encoder`, a chain of layers from images in [-1, 1] to logits with layers `pool_2` and `dense`
    (`networks.encoder`), trained beforehand on the same images, frozen here; `seed` of the training noise; the
    fields of `config.StackedGANOptions` by name, whose defaults are those of the original's CIFAR-10 code. Raises
    `ValueError`, naming the option, for an unknown one and for a value that it cannot have.

    With `compile()`, the original's optimiser: Adam with learning rate 1e-4 and beta_1 0.5, for each kind of network.
    """

    def __init__(self, encoder, *, seed=0, **options):
        options, keras_options = split_options(StackedGANOptions, options)
        super().__init__(**keras_options)
        self.image_shape, self.classes = tuple(encoder.input_shape[1:]), encoder.output_shape[-1]
        side, *others, channels = self.image_shape
        if others != [side] or not checks.image_sizes.good(side) or channels not in (1, 3):
            raise ValueError(
                f"encoder: found images of {self.image_shape}, expected a square of 16 to 128 pixels, a multiple of "
                "16, with 1 or 3 channels"
            )
        names = [layer.name for layer in encoder.layers]
        for name in REPRESENTATIONS:
            if name not in names:
                raise ValueError(f"encoder: found layers {names}, expected one called {name!r}")
        encoder.trainable = False
        self.encoder, self.stacks = encoder, options.stacks
        amounts = options.joint_dropout, options.joint_noise
        self._set_levels(self._make_levels(options), amounts, options, seed)
        self.latent_dim = sum(level.latent_dim for level in self.levels_in)

    def _make_levels(self, options):
        parts = split(self.encoder, REPRESENTATIONS[len(REPRESENTATIONS) + 1 - self.stacks :])
        shapes = [part.input_shape[1:] for part in parts] + [None]
        logits = self.classes if options.discriminator_form == "class_logits" else 1
        levels = []
        for index, encoder in enumerate(parts):
            latent_dim = options.top_latent_dim if index == self.stacks - 1 else options.latent_dim_below
            width = options.feature_width if index else options.image_width
            sizes = stacked_networks.Sizes(self.classes, logits, latent_dim, width, options.architecture)
            built = stacked_networks.build(shapes[index], shapes[index + 1], sizes, is_image=index == 0)
            levels.append(Level(index, built, encoder, shapes[index + 1], sizes))
        return levels

    def compile(self, optimizer=None, discriminator_optimizer=None, **kwargs):
        """`optimizer` trains the generators (learning-rate callbacks act on it)."""
        super().compile(optimizer or _optimizer(), discriminator_optimizer or _optimizer(), **kwargs)

    def level(self, index):
        """The level `index` (0: images) alone, a model to `compile` and `fit`; it shares its weights with the stack."""
        return OneLevel(self, index)

    def features(self, images):
        """Real representations above images uint8 (N, H, W, C), lowest first: float32 arrays, without the logits."""
        made = []
        for start in range(0, len(images), _BLOCK):
            x = pixels.to_float(self.form.inputs([np.asarray(images[start : start + _BLOCK])])[0])
            made.append([x := encoder(x, training=False) for encoder in self.encoders[:-1]])
        return [np.concatenate(parts) for parts in zip(*made, strict=True)]

    def level_data(self, index, images, labels):
        """What `level(index).fit` trains on, ((target, condition), labels), the encoder's features computed once."""
        chain = [images, *self.features(images)]
        return tuple(chain[index : index + 2]), labels

    def joint_data(self, images, labels):
        """What `fit` trains on, with the encoder's features computed once: ((images, features, ...), labels)."""
        return (images, *self.features(images)), labels

    @property
    def drawing_networks(self):
        return tuple(self.generators)

    def call(self, inputs, training=None):
        """Images float32 (N, H, W, C) in [-1, 1] of [latents (N, latent_dim) in [-1, 1), labels int (N,)].

        Latents are those of the highest level first.
        """
        latents, labels = inputs
        return self._down(labelled.int_labels(labels, self.classes), latents, self.stacks, training)[0]

    def from_features(self, features, seeds, level=1):
        """Images uint8 (N, H, W, C) that the levels below representation `level` make of it: those levels alone.

        `features` are float32, such as `features(real_images)[level - 1]`; `seeds` ints (N,); `level` 1 to stacks - 1.
        """
        if not 1 <= level < self.stacks:
            raise ValueError(f"level: found {level!r}, expected one of {', '.join(map(str, range(1, self.stacks)))}")
        seeds, images = np.asarray(seeds, np.int64), []
        for start in range(0, len(seeds), _BLOCK):
            block = slice(start, start + _BLOCK)
            latents = streams.uniform_latents(tf.constant(seeds[block]), self.latent_dim)
            made = self._down(tf.constant(features[block]), latents, level, training=False)
            images.append(pixels.to_uint8(made[0]).numpy())
        return np.concatenate(images)

    def recovered(self, latents, labels):
        """For each level, lowest first, (its latents in [0, 1), what its discriminator recovers of them), both (N, z).

        `latents` and `labels` as in `call`: draws that no training step has seen. In inference form.
        """
        latents = tf.convert_to_tensor(latents)
        made = self._down(tf.cast(labels, tf.int32), latents, self.stacks, training=False)
        key, found = tf.zeros(2, tf.int64), []
        for level, representation in zip(self.levels_in, made, strict=True):
            _, seen = level.discriminator([representation, key, tf.zeros(2)], training=False)
            found.append((((latents[:, self.latent_columns(level.index)] + 1.0) / 2.0).numpy(), seen.numpy()))
        return found

    def conditional_errors(self, latents, labels):
        """For each level, lowest first, the unweighted conditional loss (N,) of draws, in inference form."""
        latents, labels = tf.convert_to_tensor(latents), tf.cast(labels, tf.int32)
        made = self._down(labels, latents, self.stacks, training=False)
        z = [(latents[:, self.latent_columns(level.index)] + 1.0) / 2.0 for level in self.levels_in]
        return [terms[1].numpy() for terms in self._generator_terms(made, z, labels, training=False)]

    def latent_columns(self, index):
        """The columns of `call`'s latents that belong to a level: the highest level's come first."""
        end = self.latent_dim - sum(level.latent_dim for level in self.levels_in[:index])
        return slice(end - self.levels_in[index].latent_dim, end)

    def _down(self, condition, latents, levels, training):
        """What each of the lowest `levels` levels makes of the condition of the highest of them, lowest first."""
        made = []
        for level in reversed(self.levels_in[:levels]):
            z = (latents[:, self.latent_columns(level.index)] + 1.0) / 2.0
            condition = level.generator([condition, z], training=training)
            made.insert(0, condition)
        return made

    def get_config(self):
        encoder = keras.saving.serialize_keras_object(self.encoder)
        return {**super().get_config(), "encoder": encoder, "seed": self.seed, **fields.to_dict(self.options)}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "encoder": keras.saving.deserialize_keras_object(config["encoder"])})


@keras.saving.register_keras_serializable("tfgan_aug")
class OneLevel(StackLevels):
    """The level `index` of the stack `gan`, a model to `compile` and `fit`; it shares its weights with the stack."""

    def __init__(self, gan, index, **kwargs):
        super().__init__(**{"name": f"level_{index}", **kwargs})
        self._set_levels([gan.levels_in[index]], (gan.options.dropout, 0.0), gan.options, gan.seed)
        # A function: Keras would take the stack itself for a part of its level.
        self._described = lambda: {"gan": keras.saving.serialize_keras_object(gan), "index": index}

    def get_config(self):
        return {**super().get_config(), **self._described()}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "gan": keras.saving.deserialize_keras_object(config["gan"])})


def _optimizer():
    return optimizers.Adam(learning_rate=1e-4, beta_1=0.5)
