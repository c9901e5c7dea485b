"""`lab down`: removes everything that is Target(stack).deployment."""

from __future__ import annotations

from lab.command_line import LOCAL_STACK, AsJson, Stack, VerbApp
from lab.drawing import RESULT_SHAPE, run_and_tell
from lab.target import Target
from languages import gettext as _

app = VerbApp()


@app.verb(
    "down",
    changes=True,
    details=_("Items, failures and logs go with it. The local cloud keeps running; stop it with `lab cloud stop`."),
    json_shape=RESULT_SHAPE,
    examples=("lab down",),
)
def down(*, stack: Stack = LOCAL_STACK, as_json: AsJson = False) -> None:
    """Delete in the reverse order of what depends on what."""
    run_and_tell(Target(stack).deployment.down, as_json=as_json)
