import pytest

from made_pictures import make_picture


@pytest.fixture
def picture():
    return make_picture()
