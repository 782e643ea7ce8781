import pytest

from wingkeras.export.processor import int8_instructions


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("flags\t\t: fpu sse2 avx avx2 avx_vnni", "AVX VNNI"),
        ("flags\t\t: avx2 avx512f avx512bw avx512_vnni avx_vnni", "AVX-512 VNNI"),
        ("flags\t\t: avx2 avx512bw avx512_vnni amx_int8", "AMX"),
        ("flags\t\t: avx2 avx512f avx512bw", "AVX-512 without VNNI"),
        ("flags\t\t: fpu sse2 avx avx2", "AVX2 without VNNI"),
        ("Features\t: fp asimd asimddp", "NEON dot product"),
        ("flags\t\t: fpu sse2", None),
        ("model name\t: avx2", None),
    ],
)
def test_best_known_instructions(tmp_path, line, expected):
    path = tmp_path / "cpuinfo"
    path.write_text(f"processor\t: 0\n{line}\n\n")
    assert int8_instructions(path) == expected


def test_unknown_where_linux_does_not_tell(tmp_path):
    assert int8_instructions(tmp_path / "none") is None
