"""Import this first: from then on TensorFlow cannot be imported in this process."""

import sys


class _Blocked:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] == "tensorflow":
            raise ImportError("TensorFlow is blocked in this process.")
        return None


assert "tensorflow" not in sys.modules
sys.meta_path.insert(0, _Blocked)
