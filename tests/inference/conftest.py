import pytest

from made_localizers import make_localizer


@pytest.fixture(scope="module")
def one_stage():
    return make_localizer(1)


@pytest.fixture(scope="module")
def two_stages():
    return make_localizer(2)
