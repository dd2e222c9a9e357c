"""How levels of a Stacked GAN train: the losses and the step, for one level or for several on top of each other."""

import itertools

import numpy as np
import tensorflow as tf

from tfgan_aug.core import labelled, pixels
from tfgan_aug.gans import diffaugment, losses
from tfgan_aug.gans.adversarial import AdversarialModel

ADAPTIVE = 0
# (least adversarial loss of the lowest discriminator, generator steps): the stronger it is, the more steps.
_STEPS_BY_LOSS = ((0.65, 1), (0.5, 3), (0.3, 5), (-np.inf, 7))


def adaptive_steps(loss):
    """Generator steps (1, 3, 5 or 7) after a discriminator step whose adversarial loss was `loss`, in nats.

    1 of a loss that is no number: `StopIteration`, which Keras takes for the end of the data, would hide it.
    """
    return next((steps for least, steps in _STEPS_BY_LOSS if loss > least), 1)


def _scale_gradient(x, factor):
    """`x` itself, whose gradient is multiplied by `factor`."""
    still = tf.stop_gradient(x)
    return still + factor * (x - still)


class Level:
    """One level of a stack: `index` (0: images), its networks, the part of the encoder above it, its sizes."""

    def __init__(self, index, networks, encoder, condition_shape, sizes):
        self.index, self.encoder, self.condition_shape = index, encoder, condition_shape
        self.latent_dim, self.classes = sizes.latent_dim, sizes.classes
        self.generator, self.discriminator = networks


class StackLevels(AdversarialModel):
    """Neighbouring levels of a stack, trained together: one level alone, or, as `StackedGAN`, all of them.

    `fit` on ((target of the lowest level, ..., target of the highest, its condition), labels): images are
    uint8, other representations float32. What is missing at the end is computed by the encoder; the condition of
    the stack's highest level is the labels.

    Each discriminator minimises label_weight x class loss on real ones + adversarial_weight x half the
    adversarial losses + entropy_weight x latent recovery; each generator adversarial_weight x its adversarial
    loss + conditional_weight x the error of its condition, recomputed by the encoder + entropy_weight x latent
    recovery (equations 2 to 5 of Huang et al.). A generator also gets its lower neighbours' gradients through the
    condition it makes for them, times `joint_weight` a level.

    Metrics, for each level (a suffix `_<level>` where there are several): `d_loss`, `g_loss`, `d_real`, `d_generated`
    as in `DCGAN`, `conditional` and `latents`: the two unweighted errors on generated ones; the sums
    `d_loss` and `g_loss` where there are several; and `g_steps`, the generator steps for each of the discriminator.
    """

    _NAMES = ("d_loss", "g_loss", "d_real", "d_generated", "conditional", "latents")

    def _set_levels(self, levels, amounts, options, seed):
        """Takes `levels` (`Level`s, lowest first), (dropout, deviation of hidden noise) and `StackedGANOptions`."""
        self.levels_in, self.options, self.amounts = levels, options, tuple(amounts)
        # Keras tracks networks in lists, not inside `Level`.
        self.generators = [level.generator for level in levels]
        self.discriminators = [level.discriminator for level in levels]
        self.encoders = [level.encoder for level in levels]
        suffixes = [f"_{level.index}" for level in levels] if len(levels) > 1 else [""]
        names = [name + suffix for suffix in suffixes for name in self._NAMES]
        shapes = [level.generator.output_shape[1:] for level in levels]
        top = levels[-1].condition_shape
        shapes += [] if top is None else [tuple(top)]
        self.form = labelled.Form(levels[0].classes, tuple(shapes), images=levels[0].index == 0)
        sums = ["d_loss", "g_loss"] if len(levels) > 1 else []
        self._set_up(seed, [*names, *sums, "g_steps"])

    @property
    def generator_variables(self):
        return [weight for network in self.generators for weight in network.trainable_variables]

    @property
    def discriminator_variables(self):
        return [weight for network in self.discriminators for weight in network.trainable_variables]

    def train_step(self, data):
        """One discriminator step, then `generator_steps` generator steps; one where they adapt: see `fit`'s loop."""
        found = self.discriminator_step(data)
        steps = max(1, self.options.generator_steps)
        for _ in range(steps):
            made = self.generator_step(data)
        return self._track_step(found, made, tf.fill(tf.shape(found[0][0]), float(steps)))

    def make_train_function(self, force=False):
        """Keras' own; with adaptive generator steps a loop on the host, which a replica's graph cannot hold.

        A call makes `steps_per_execution` steps, or as many as there are batches for.
        """
        if self.options.generator_steps != ADAPTIVE:
            return super().make_train_function(force)
        if self.train_function is None or force:
            step = self.step_function(self.distribute_strategy)

            def train(iterator):
                # The first of them raises where there is no batch left, as Keras expects.
                step(next(iterator))
                for batch in itertools.islice(iterator, self.steps_per_execution - 1):
                    step(batch)
                return self.get_metrics_result()

            self.train_function = train
        return self.train_function

    def step_function(self, strategy):
        """A function (distributed batch) that makes one step on every replica: see `training.run`."""

        def replicated(function):
            def run(*arguments):
                return strategy.run(function, args=arguments)

            return run if self.run_eagerly else tf.function(run, autograph=False, reduce_retracing=True)

        if self.options.generator_steps != ADAPTIVE:
            return replicated(self.train_step)

        def first(batch):
            found = self.discriminator_step(batch)
            adversarial = self.adversarial_loss(found[0])
            return found, tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, adversarial)

        def last(batch, found, count):
            made = self.generator_step(batch)
            self._track_step(found, made, tf.fill(tf.shape(found[0][0]), tf.cast(count, tf.float32)))

        first, again, last = (
            replicated(first),
            replicated(lambda batch: self.generator_step(batch)[0][0]),
            replicated(last),
        )

        def step(batch):
            found, adversarial = first(batch)
            count = adaptive_steps(float(strategy.experimental_local_results(adversarial)[0]))
            for _ in range(count - 1):
                again(batch)
            last(batch, found, tf.constant(count))

        return step

    def adversarial_loss(self, terms):
        """This replica's part of the mean of half the adversarial loss, in nats, from a level's discriminator terms."""
        return tf.reduce_sum(terms[1]) * self._loss_share(tf.shape(terms[1])[0])

    def discriminator_step(self, data):
        """Updates each discriminator once; returns its (loss, adversarial loss, D(real) > 0, D(made) > 0), (N,)."""
        real, labels = self._real(data)
        made, latents = self._generate(real[-1], "discriminator", training=True)
        with tf.GradientTape() as tape:
            terms = [
                self._discriminator_terms(level, *items, labels, training=True)
                for level, *items in zip(self.levels_in, real, made, latents, strict=False)
            ]
            loss = tf.reduce_sum(tf.add_n([term[0] for term in terms])) * self._loss_share(tf.shape(labels)[0])
        weights = self.discriminator_variables
        self.discriminator_optimizer.apply(tape.gradient(loss, weights), weights)
        return terms

    def generator_step(self, data):
        """Updates each generator once, on new latents; returns its (loss, conditional error, latent error), (N,)."""
        real, labels = self._real(data)
        with tf.GradientTape() as tape:
            made, latents = self._generate(real[-1], "generator", training=True)
            terms = self._generator_terms(made, latents, real[-1], training=True)
            loss = tf.reduce_sum(tf.add_n([term[0] for term in terms])) * self._loss_share(tf.shape(labels)[0])
        weights = self.generator_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return terms

    def test_step(self, data):
        """The losses of a batch in inference mode: no noise, no dropout, moving statistics."""
        real, labels = self._real(data)
        made, latents = self._generate(real[-1], "discriminator", training=False)
        found = [
            self._discriminator_terms(level, *items, labels, training=False)
            for level, *items in zip(self.levels_in, real, made, latents, strict=False)
        ]
        terms = self._generator_terms(made, latents, real[-1], training=False)
        return self._track_step(found, terms, tf.zeros(tf.shape(labels)))

    def _track_step(self, found, made, steps):
        values = []
        for (d_loss, _, d_real, d_generated), (g_loss, conditional, latents) in zip(found, made, strict=True):
            values += [d_loss, g_loss, d_real, d_generated, conditional, latents]
        if len(made) > 1:
            values += [tf.add_n([terms[0] for terms in side]) for side in (found, made)]
        return self._track(*values, steps)

    def _real(self, data):
        """([target of each level, ..., condition of the highest], labels) of a batch."""
        chain, labels, _ = self.form.read(data)
        if self.levels_in[0].index == 0:
            chain[0] = pixels.to_float(chain[0])
        for encoder in self.encoders[len(chain) - 1 : -1]:
            chain.append(encoder(chain[-1], training=False))
        top = self.levels_in[-1]
        if top.condition_shape is None:
            return [*chain[: len(self.levels_in)], labels], labels
        if len(chain) == len(self.levels_in):
            chain.append(top.encoder(chain[-1], training=False))
        return chain, labels

    def _latents(self, local_batch, stream):
        """Latents float32 (local_batch, z) in [0, 1) of each level, lowest first."""
        return [
            (self._noise(local_batch, level.latent_dim, f"{stream} latents {level.index}") + 1.0) / 2.0
            for level in self.levels_in
        ]

    def _generate(self, condition, stream, training):
        """(what each level makes of what the one above it made, their latents), both lowest first."""
        latents, made = self._latents(tf.shape(condition)[0], stream), []
        for level, z in zip(reversed(self.levels_in), reversed(latents), strict=True):
            made.insert(0, level.generator([condition, z], training=training))
            condition = _scale_gradient(made[0], self.options.joint_weight)
        return made, latents

    def _discriminate(self, level, representation, stream, training):
        """(logit of "real" (N,), all logits, recovered latents) of a representation."""
        if level.index == 0 and self.options.augmentation and training:
            draws = (self._noise(tf.shape(representation)[0], 6, f"{stream} augmentation") + 1.0) / 2.0
            representation = diffaugment.augment(representation, draws, self.options.augmentation)
        key = self._key(f"{stream} noise {level.index}") if training else tf.zeros(2, tf.int64)
        logits, latents = level.discriminator([representation, key, tf.constant(self.amounts)], training=training)
        return losses.real_logits(logits), logits, latents

    def _discriminator_terms(self, level, real, made, latents, labels, training):
        real_logits, class_logits, _ = self._discriminate(level, real, "real", training)
        made_logits, _, recovered = self._discriminate(level, made, "made", training)
        # Half of each, as in the original: the thresholds of the adaptive steps are for their sum.
        adversarial = 0.5 * (
            losses.discriminator_loss_real(real_logits) + losses.discriminator_loss_generated(made_logits)
        )
        loss = self.options.adversarial_weight * adversarial
        loss += self.options.entropy_weight * losses.squared_error(recovered, latents)
        if self.options.discriminator_form == "class_logits":
            loss += self.options.label_weight * losses.class_loss(class_logits, labels)
        return loss, adversarial, losses.called_real(real_logits), losses.called_real(made_logits)

    def _generator_terms(self, made, latents, condition, training):
        terms = []
        above = [*(_scale_gradient(x, self.options.joint_weight) for x in made[1:]), condition]
        for level, x, z, wanted in zip(self.levels_in, made, latents, above, strict=True):
            logits, _, recovered = self._discriminate(level, x, "generator", training)
            adversarial = losses.GENERATOR_LOSSES[self.options.generator_loss](logits)
            # The encoder is frozen: in inference form, and its weights get no gradient.
            encoded = level.encoder(x, training=False)
            labelled = level.condition_shape is None
            conditional = losses.class_loss(encoded, wanted) if labelled else losses.squared_error(encoded, wanted)
            latent = losses.squared_error(recovered, z)
            loss = self.options.adversarial_weight * adversarial + self.options.conditional_weight * conditional
            terms.append((loss + self.options.entropy_weight * latent, conditional, latent))
        return terms
