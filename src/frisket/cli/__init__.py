"""The command line: one module a verb, each with an `app`; found by walking this package."""

from __future__ import annotations

import pkgutil
import sys
from importlib.metadata import version

from cyclopts import App, CycloptsError, Parameter

import frisket.cli
from frisket.errors import FrisketError

EXIT_USAGE = 2


def build_app() -> App:
    """Return the application with every verb, loaded only when used."""
    app = App(
        name="frisket",
        help="Hardens, watches and services fleets of networked multifunction printers.",
        version=version("frisket"),
        default_parameter=Parameter(negative=(), show_default=lambda value: value or None),
    )
    for info in pkgutil.iter_modules(frisket.cli.__path__):
        if not info.ispkg and not info.name.startswith("_"):
            app.command(f"frisket.cli.{info.name}:app", name=info.name)
    return app


def main() -> None:
    """Run one verb; a fault that Frisket can explain ends with exit code 2 and no traceback."""
    app = build_app()
    try:
        result = app(sys.argv[1:], exit_on_error=False, print_error=True, result_action=None)
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
