"""The command line: one module a verb, each with an `app`; found by walking this package."""

from __future__ import annotations

import ast
import pkgutil
import sys
from importlib.metadata import version
from pathlib import Path

from cyclopts import App, CycloptsError, Parameter

import frisket.cli
from frisket.errors import FrisketError

EXIT_USAGE = 2


def summary(path: Path) -> str:
    """Return the `help` of the `App(…)` in a verb's module, without loading the module."""
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            for word in node.value.keywords:
                if word.arg == "help" and isinstance(word.value, ast.Constant):
                    return str(word.value.value)
    return ""


def build_app(*, summaries: bool = False) -> App:
    """Return the application with every verb, loaded only when used.

    `summaries` says of each verb what it does; that costs reading them all.
    """
    app = App(
        name="frisket",
        help="Hardens, watches and services fleets of networked multifunction printers.",
        version=version("frisket"),
        default_parameter=Parameter(negative=(), show_default=lambda value: value or None),
        suppress_keyboard_interrupt=False,
    )
    here = Path(frisket.cli.__path__[0])
    for info in pkgutil.iter_modules(frisket.cli.__path__):
        if not info.ispkg and not info.name.startswith("_"):
            does = summary(here / f"{info.name}.py") if summaries else None
            app.command(f"frisket.cli.{info.name}:app", name=info.name, help=does)
    return app


def main() -> None:
    """Run one verb; a fault that Frisket can explain ends with exit code 2 and no traceback."""
    words = sys.argv[1:]
    app = build_app(summaries=not words or words[0].startswith("-"))
    try:
        result = app(words, exit_on_error=False, print_error=True, result_action=None)
    except CycloptsError:
        sys.exit(EXIT_USAGE)
    except FrisketError as fault:
        sys.stderr.write(f"frisket: {fault}\n")
        if fault.hint:
            sys.stderr.write(f"  {fault.hint}\n")
        sys.exit(EXIT_USAGE)
    except KeyboardInterrupt:
        sys.stderr.write("frisket: interrupted\n")
        sys.exit(130)
    except BrokenPipeError:
        # The reader (`| head`) has seen enough.
        sys.stderr.close()
        sys.exit(0)
    sys.exit(result if isinstance(result, int) else 0)
