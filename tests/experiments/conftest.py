"""Experiments in this process train without graphs; the commands that tests start train as users do."""

import pytest

from tfgan_aug.training import loop


# Not of the package: without an __init__.py that is the whole session, and tests elsewhere would run eagerly, too.
@pytest.fixture(scope="module", autouse=True)
def _eager_steps():
    """Of a few steps the graph takes longer to make than they take (measured: 51 s against 14 s for test_cells)."""
    original = loop.step_function

    def step_function(model, strategy, *reader):
        model.run_eagerly = True
        return original(model, strategy, *reader)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "step_function", step_function)
        yield
