"""Arguments of the command line: their help, rules and mistakes, and Ctrl-C."""

import argparse
import subprocess
import sys
import tempfile
from importlib.metadata import version

import pytest

from wingkeras import cli
from wingkeras.cli.parsers import check_rules


def _run(capsys, *arguments):
    try:
        code = cli.main([str(a) for a in arguments])
    except SystemExit as end:  # argparse's way out
        code = end.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


TRAIN = ("train", "--recipe", "x", "--data", ".")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (
            ("predict", "a.jpg", "--detector", "haar", "--yunet", "f"),
            ("--yunet", "--detector yunet"),
        ),
        (("predict", "a.jpg", "--no-smoothing"), ("--no-smoothing", "INPUT")),
        (("predict", "a.mp4", "0", "--format", "pts"), ("--format", "INPUT")),
        (("predict", "a.jpg", "--format", "pts", "--flip-error"), ("--format json",)),
        (
            ("predict", "a.jpg", "--detector", "haar", "--min-score", "0.5"),
            ("--min-score", "--detector yunet"),
        ),
        (("evaluate", "m", "--data", ".", "--yunet", "f"), ("--detector yunet",)),
        (("evaluate", "m", "--data", ".", "--min-face", "9"), ("--detector haar",)),
        (("zoo", "cnn6_300w", "--clear-cache"), ("--clear-cache", "MODEL")),
        (("convert", "m", "--quantize", "int8"), ("--quantize", "--calibration")),
        (("convert", "m", "--calibration", "f"), ("--calibration", "--quantize int8")),
        (("convert", "m", "--check", "f", "--to", "tflite"), ("--to", "--check")),
        (("convert", "m", "--split", "full"), ("--split", "--data")),
        (("zoo", "--json"), ("--json", "MODEL")),
        ((*TRAIN, "--num-processes", "2"), ("--strategy data-parallel",)),
        ((*TRAIN, "--coordinator", "h:1", "--strategy", "mirrored"), ("--coord",)),
    ],
    ids=str,
)
def test_options_that_need_each_other(capsys, arguments, parts):
    code, out, err = _run(capsys, *arguments)
    assert code == 2 and not out and "Traceback" not in err
    assert f"wingkeras {arguments[0]}: error: " in err
    for part in parts:
        assert part in err.rsplit("error: ", 1)[1]


@pytest.mark.parametrize(
    "options",
    [
        "predict a.jpg b.mp4 --no-smoothing --format pts",
        "predict 0 --no-smoothing",
        "predict a.jpg --yunet f --detector yunet --min-score 0.5 --min-face 20",
        "predict a.jpg --format json --format pts --flip-error",
        "predict a.jpg --detector haar --min-face 20",
        "evaluate m --data . --detector haar --min-face 20",
        "zoo --clear-cache",
        "convert m --quantize int8 --calibration f",
        "convert m --check f --data . --split full",
        "train --recipe x --data . --strategy data-parallel --num-processes 2",
    ],
)
def test_options_that_go_together(options):
    check_rules(cli.build_parser().parse_args(options.split()))


def _command_parsers():
    parser = cli.build_parser()
    commands = next(
        a for a in parser._actions if a.choices and a.dest == "==SUPPRESS=="
    )
    return {"": parser, **commands.choices}


@pytest.mark.parametrize("command", _command_parsers())
def test_every_option_is_explained(command):
    """With what it does, its default and what it can be; and an example to copy."""
    parser = _command_parsers()[command]
    shown = " ".join(parser.format_help().split())
    assert f"wingkeras {command}".strip() in parser.epilog
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            continue
        assert action.help, action.dest
        if action.choices:
            for choice in action.choices:
                assert choice in shown
        if action.default not in (None, False, argparse.SUPPRESS):
            assert f"(default: {action.default})" in shown
        elif action.default is None and not action.required:
            explained = ("default", "only", "instead of what the recipe says", "check")
            assert any(word in shown for word in explained)


@pytest.mark.parametrize("command", [c for c in _command_parsers() if c])
def test_examples_are_valid(command):
    lines = _command_parsers()[command].epilog.splitlines()[1:]
    examples = [line.split("#")[0].split() for line in lines]
    assert examples and all(words[:2] == ["wingkeras", command] for words in examples)
    for words in examples:
        check_rules(cli.build_parser().parse_args(words[1:]))


def test_completion_knows_commands_options_and_files(capsys):
    pytest.importorskip("shtab", reason="needs the extra `completion`")
    code, out, err = _run(capsys, "--print-completion", "bash")
    assert code == 0 and not err
    for part in ("predict", "--flip-tta", "openvino", "_shtab_compgen_files"):
        assert part in out
    with tempfile.NamedTemporaryFile("w", suffix=".sh") as script:
        script.write(out)
        script.flush()
        subprocess.run(["bash", "-n", script.name], check=True)


def test_completion_without_its_package(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "shtab", None)
    code, _, err = _run(capsys, "--print-completion", "bash")
    assert code == 1 and "[completion]" in err


# -P: the installed package, not the folder the tests are run in.
PROGRAM = [sys.executable, "-P", "-m", "wingkeras"]


def _start(*arguments, **settings):
    command = [*PROGRAM, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, **settings)


def test_without_a_command_there_is_help():
    result = _start()
    assert result.returncode == 2 and not result.stdout
    for part in ("usage: wingkeras", "predict", "examples:"):
        assert part in result.stderr


def test_version():
    result = _start("--version")
    assert result.returncode == 0 and not result.stderr
    assert result.stdout == f"wingkeras {version('wingkeras')}\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 0),
        (["--version"], 0),
        (["predict", "--help"], 0),
        (["train", "--help"], 0),
        (["zoo"], 0),
        (["zoo", "cnn67_300w"], 0),
        (["zoo", "cnn67_300w", "--json"], 0),
        (["predict", "photo.jpg", "--runtime", "none"], 2),
        (["predict", "photo.jpg", "--detector", "haar", "--yunet", "file"], 2),
        (["nothing"], 2),
    ],
    ids=str,
)
def test_answers_that_need_no_library_load_none(arguments, code):
    watched = (
        "import sys, wingkeras.cli\n"
        "try: code = wingkeras.cli.main(sys.argv[1:])\n"
        "except SystemExit as end: code = end.code\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        "print('LOADED', *sorted(loaded & set('numpy keras tensorflow cv2 matplotlib '"
        " 'jax torch h5py onnxruntime openvino shtab'.split())))\n"
        "sys.exit(code)"
    )
    command = [sys.executable, "-P", "-c", watched, *arguments]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == code, result.stderr
    assert result.stdout.splitlines()[-1] == "LOADED"
    assert code == 2 or not result.stderr


def test_output_that_nobody_reads_to_its_end():
    with subprocess.Popen(
        [*PROGRAM, "zoo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        error = process.stderr.read()
    assert process.returncode == 1 and error == b""


def test_interrupted(capsys, monkeypatch):
    def interrupt(options):
        raise KeyboardInterrupt

    monkeypatch.setattr("wingkeras.cli.zoo.run", interrupt)
    code, _, err = _run(capsys, "zoo")
    assert code == 130 and err == "wingkeras: interrupted\n"
