"""Keras' Adam and AdamW with TensorFlow's fused kernel: one operation a weight, where Keras' own update has a dozen.

Makes no file.
"""

import keras
import tensorflow as tf


def _variable(variable):
    return variable.value if isinstance(variable, keras.Variable) else variable


@keras.saving.register_keras_serializable("tfgan_aug")
class Adam(keras.optimizers.Adam):
    """`keras.optimizers.Adam`, faster; the same numbers to rounding.

    The formula before section 2.1 of Kingma and Ba (2015), in one kernel.
    """

    def _all_reduce_sum_gradients(self, grads_and_vars):
        """Keras' own; of one replica the gradients as they are.

        `ReplicaContext.all_reduce` is a `tf.custom_gradient`: in a graph it registers a function that TensorFlow never
        forgets, and with it the whole graph of the training step. A process that trained cell after cell grew by
        3 MB and more with each.
        """
        if tf.distribute.get_strategy().num_replicas_in_sync == 1:
            return grads_and_vars
        return super()._all_reduce_sum_gradients(grads_and_vars)

    def update_step(self, gradient, variable, learning_rate):
        weight = _variable(variable)
        if self.amsgrad or isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        place, kind = self._get_variable_index(variable), weight.dtype
        beta_1, beta_2 = tf.constant(self.beta_1, kind), tf.constant(self.beta_2, kind)
        step = tf.cast(self.iterations + 1, kind)
        tf.raw_ops.ResourceApplyAdam(
            var=weight.handle,
            m=_variable(self._momentums[place]).handle,
            v=_variable(self._velocities[place]).handle,
            beta1_power=beta_1**step,
            beta2_power=beta_2**step,
            lr=tf.cast(learning_rate, kind),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=tf.constant(self.epsilon, kind),
            grad=tf.cast(gradient, kind),
        )


@keras.saving.register_keras_serializable("tfgan_aug")
class AdamW(Adam, keras.optimizers.AdamW):
    """`keras.optimizers.AdamW`, faster; the same numbers to rounding."""


def average_weights(model: keras.Model) -> None:
    """Sets the weights of a trained model to their averages, where its optimiser keeps them (`use_ema`).

    Of a GAN the generator's: `optimizer` trains no others.
    """
    if model.optimizer.use_ema:
        model.optimizer.finalize_variable_values(getattr(model, "generator_variables", model.trainable_variables))


def averaging_options(share: float, steps: int) -> dict[str, object]:
    """Returns the options of an optimiser whose averages look back over `share` of `steps` steps; {} for 0.

    Exponential: the weights of so many steps ago count 1/e of the present ones. The first are those of step 1.
    """
    return {"use_ema": True, "ema_momentum": max(0.0, 1 - 1 / (share * steps))} if share else {}
