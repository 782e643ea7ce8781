"""The processor's instructions for int8 arithmetic."""

from pathlib import Path

_KNOWN = (
    ("amx_int8", "AMX"),
    ("avx512_vnni", "AVX-512 VNNI"),
    ("avx_vnni", "AVX VNNI"),
    ("avx512bw", "AVX-512 without VNNI"),
    ("avx2", "AVX2 without VNNI"),
    ("asimddp", "NEON dot product"),
    ("asimd", "NEON"),
)


def int8_instructions(cpuinfo: Path = Path("/proc/cpuinfo")) -> str | None:
    """The best instructions for int8 that the processor has.

    Without VNNI, sums of two int8 products are kept in 16 bits, and may be cut off.

    Args:
        cpuinfo: the file in which Linux describes the processor.

    Returns:
        A name such as "AVX-512 VNNI", or `None` if none is known.

    Example:

    ```python
    int8_instructions()  # "AVX2 without VNNI"
    ```
    """
    try:
        lines = cpuinfo.read_text(errors="replace").splitlines()
    except OSError:
        return None
    flags: set[str] = set()
    for line in lines:
        name, _, values = line.partition(":")
        if name.strip() in ("flags", "Features"):
            flags.update(values.split())
    return next((name for flag, name in _KNOWN if flag in flags), None)
