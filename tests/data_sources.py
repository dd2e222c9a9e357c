"""What tests of sources share: opening one that must fail."""

import pytest

from tfgan_aug.core.errors import UserError
from tfgan_aug.data import sources


def fails(message, name="shapes10", **options):
    """The one line that opening the source ends in; `message` is a regular expression that it must hold."""
    with pytest.raises(UserError, match=message) as caught:
        sources.open_source(name, **{"image_size": 16, **options})
    assert "\n" not in str(caught.value)
    return str(caught.value)
