import numpy as np
import pytest

from benchmarks.comparison import mean_errors


def test_means_on_every_test_set():
    subsets = np.array(["helen/testset", "lfpw/testset", "ibug", "afw"])
    errors = {"inter_ocular": np.array([0.02, 0.04, 0.09, 0.5])}
    assert mean_errors(errors, subsets) == {
        "common_inter_ocular_percent": pytest.approx(3),
        "challenge_inter_ocular_percent": pytest.approx(9),
        "full_inter_ocular_percent": pytest.approx(5),
    }
