"""How the site is made: `sphinx-build -W docs build/docs`."""

import importlib
import re

import wingkeras

project = "wingkeras"
author = "the wingkeras authors"
copyright = f"2026, {author}"
release = version = wingkeras.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]

html_theme = "furo"
html_title = f"wingkeras {release}"
html_show_sourcelink = False
pygments_style = "friendly"
pygments_dark_style = "monokai"

# Docstrings are Markdown as far as code is concerned: `name` is code.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_default_options = {"members": True}
napoleon_use_rtype = False
napoleon_use_ivar = True

ROOMS = (
    *("data", "evaluation", "export", "geometry", "imaging", "inference", "losses"),
    *("metrics", "models", "plots", "schemes", "storage", "training", "video", "zoo"),
)
"""The packages and modules with public names; each has a page in `api`."""

_FENCE = re.compile(
    r"(?:^ *<!-- [^\n]* -->\n)?^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL
)


def _outside_code(text: str) -> str:
    """The text with vertical bars escaped: |x| is a number, not a substitution."""
    parts = re.split(r"(```.*?```|`[^`]*`)", text, flags=re.DOTALL)
    parts[::2] = [part.replace("|", r"\|") for part in parts[::2]]
    return "".join(parts)


def _to_rest(app, what, name, obj, options, lines):
    """Fenced code in docstrings, as reStructuredText."""
    text = "\n".join(lines)

    def block(match):
        indent = match[1]
        code = "\n".join(f"   {line}".rstrip() for line in match[3].splitlines())
        return f"{indent}.. code-block:: {match[2] or 'text'}\n\n{code}\n"

    text = _outside_code(text)
    text = re.sub(r"^( *)Example:$", r"\1.. rubric:: Example", text, flags=re.MULTILINE)
    lines[:] = _FENCE.sub(block, text).splitlines()


def _check_that_all_is_there(app, env):
    """A warning, which ends the strict build, for public names without an entry."""
    from sphinx.util import logging

    documented = set(env.domaindata["py"]["objects"])
    for room in ("", *ROOMS):
        package = importlib.import_module(f"wingkeras.{room}".rstrip("."))
        for name in getattr(package, "__all__", ()):
            value = getattr(package, name)
            home = getattr(value, "__module__", None)
            whole = {f"{package.__name__}.{name}"}
            whole |= {f"wingkeras.{each}.{name}" for each in ROOMS}
            is_module = getattr(value, "__spec__", None) is not None
            if not (is_module or name == "__version__" or whole & documented):
                logging.getLogger(__name__).warning(
                    "%s.%s of %s has no entry in the API reference",
                    package.__name__,
                    name,
                    home,
                )


def setup(app):
    """Join in."""
    app.connect("autodoc-process-docstring", _to_rest, priority=400)
    app.connect("env-check-consistency", _check_that_all_is_there)
