"""What each level of a trained Stacked GAN does, as images and as numbers.

Artefacts: `sgan_levels.png`, a class a row: a real image, what the lower levels make of its representations, lowest
first, and what the whole stack makes of the class; `sgan_latents.png`, a class a row: an image, the same with other
latents of the lowest level alone, the same with other latents of the highest level alone; `sgan_levels.json`: the
numbers of `measure`, before training and after.
"""

import numpy as np
import tensorflow as tf

from tfgan_aug.core import artefacts, pixels, streams

_COLUMNS, _CLASSES, _DRAWS = 4, 10, 50
# Keys of held-out draws: no training noise comes from them.
_LABEL = 2**20


def from_features(gan, images, count, level=1):
    """Returns a function () -> uint8 images (N, 1 + count, H, W, C): each of `images`, then those from its features.

    The features are computed here, once: the generators may go on training.
    """
    images = np.asarray(images)
    repeated, seeds = np.repeat(images, count, axis=0), np.tile(np.arange(count), len(images))
    features = gan.features(repeated)[level - 1]

    def made():
        drawn = gan.from_features(features, seeds, level)
        return np.concatenate([images[:, None], drawn.reshape(len(images), count, *images.shape[1:])], axis=1)

    return made


def inspect(gan, part, folder, seed, name="sgan"):
    """Writes the images and the numbers to `folder`, from a trained GAN and a `subsets.Part`; returns the paths."""
    paths = [folder / f"{name}_{ending}" for ending in ("levels.png", "latents.png", "levels.json")]
    classes = range(min(gan.classes, _CLASSES))
    real = np.asarray(part.images[[part.of_class(label)[0] for label in classes]])
    parts = [real[:, None]]
    parts += [from_features(gan, real, _COLUMNS, level)()[:, 1:] for level in range(1, gan.stacks)]
    drawn = gan.generate(np.repeat(classes, _COLUMNS), np.tile(np.arange(_COLUMNS), len(classes)))
    parts.append(drawn.reshape(len(classes), _COLUMNS, *drawn.shape[1:]))
    pixels.save_grid(paths[0], np.concatenate(parts, axis=1))

    columns = [_changed(gan, np.array(classes), seed, None, 0)]
    for level in dict.fromkeys((0, gan.stacks - 1)):
        columns += [_changed(gan, np.array(classes), seed, level, draw) for draw in range(1, _COLUMNS + 1)]
    pixels.save_grid(paths[1], pixels.to_uint8(tf.stack(columns, axis=1)).numpy())
    untrained = type(gan).from_config(gan.get_config())
    untrained.encoder.set_weights(gan.encoder.get_weights())
    artefacts.write_json(paths[2], {"untrained": measure(untrained, seed), "trained": measure(gan, seed)})
    return paths


def measure(gan, seed, draws=_DRAWS):
    """Returns what changing the latents of one level does, over `draws` held-out draws of each class, by level.

    `feature_distance`: the mean distance in the encoder's last features between an image and the same with other
    latents of that level, in units of its features' root mean square; `pixel_distance`: root mean square
    difference in grey levels; `class_kept`: the share whose class, by the encoder, stays; `latent_error`: mean squared
    error with which the level's discriminator recovers its latents, whose variance is 1 / 12 = 0.0833: what a
    constant guess has; `conditional_error`: the level's conditional loss, unweighted: the squared distance, in units of
    the features' mean square, or at the top nats. `intended_class`: the share of images whose class the encoder sees.
    """
    labels = np.repeat(np.arange(gan.classes), draws)
    latents = _latents(gan, labels, seed, None, 0)
    errors = [float(np.mean((true - seen) ** 2)) for true, seen in gan.recovered(latents, labels)]
    conditional = [float(np.mean(values)) for values in gan.conditional_errors(latents, labels)]
    base = _changed(gan, labels, seed, None, 0)
    features, predicted = _encoded(gan, base)
    found = {"intended_class": float(np.mean(predicted == labels)), "levels": []}
    scale = np.sqrt(np.mean(features**2) * features.shape[1])
    for level in gan.levels_in:
        other = _changed(gan, labels, seed, level.index, 1)
        other_features, other_predicted = _encoded(gan, other)
        found["levels"].append(
            {
                "level": level.index,
                "feature_distance": float(np.linalg.norm(features - other_features, axis=1).mean() / scale),
                "pixel_distance": _grey_levels(other, base),
                "class_kept": float(np.mean(predicted == other_predicted)),
                "latent_error": errors[level.index],
                "conditional_error": conditional[level.index],
            }
        )
    return found


def _latents(gan, labels, seed, level, draw):
    """Returns latents float32 (N, latent_dim) in [-1, 1), the same but for those of `level`, which `draw` chooses."""
    seeds = streams.image_seeds(seed, _LABEL, np.arange(len(labels)))
    latents = streams.uniform_latents(seeds, gan.latent_dim).numpy()
    if level is not None:
        others = streams.uniform_latents(
            streams.image_seeds(seed, _LABEL + draw, np.arange(len(labels))), gan.latent_dim
        )
        columns = gan.latent_columns(level)
        latents[:, columns] = others.numpy()[:, columns]
    return latents


def _changed(gan, labels, seed, level, draw):
    """Returns the images float32 (N, H, W, C) in [-1, 1] of `_latents`."""
    latents = _latents(gan, labels, seed, level, draw)
    return np.concatenate(
        [gan([tf.constant(latents[b]), tf.constant(labels[b], tf.int32)]).numpy() for b in _blocks(len(labels))]
    )


def _encoded(gan, images):
    """Returns (features (N, D) of the encoder's last representation, predicted classes (N,)) of images."""
    features, predicted = [], []
    for block in _blocks(len(images)):
        x = tf.constant(images[block])
        for encoder in gan.encoders[:-1]:
            x = encoder(x, training=False)
        logits = gan.encoders[-1](x, training=False)
        features.append((x if gan.stacks > 1 else logits).numpy())
        predicted.append(np.argmax(logits, axis=1))
    return np.concatenate(features), np.concatenate(predicted)


def _grey_levels(first, second):
    """Returns the root mean square difference in grey levels of images in [-1, 1]."""
    first, second = (pixels.to_uint8(images).numpy().astype(float) for images in (first, second))
    return float(np.sqrt(np.mean((first - second) ** 2)))


def _blocks(count, size=250):
    return [slice(start, start + size) for start in range(0, count, size)]
