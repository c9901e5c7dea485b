"""The `lab` command and what drives it: the local cloud, deploying to it, and one module per verb."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  (whoever starts it by hand may have another Python)
    sys.exit(
        f"streamlab needs Python 3.11 or newer; this is {sys.version_info[0]}.{sys.version_info[1]}.\n"
        "Use the one it was set up with: .venv/bin/lab (make setup makes it)."
    )
