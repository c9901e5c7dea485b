"""`lab refresh`: takes over into the state what is really there."""

from __future__ import annotations

from lab.command_line import LOCAL_STACK, AsJson, Stack, VerbApp
from lab.drawing import RESULT_SHAPE, run_and_tell
from lab.target import Target
from lab.terminal import say
from languages import gettext as _

app = VerbApp()


@app.verb(
    "refresh",
    changes=True,
    details=_("For when something was changed or deleted by hand: afterwards `lab up` makes it again as it should be."),
    json_shape=RESULT_SHAPE,
    examples=("lab refresh", "lab refresh && lab preview"),
)
def refresh(*, stack: Stack = LOCAL_STACK, as_json: AsJson = False) -> None:
    """Read every resource and note what is different."""
    result = run_and_tell(Target(stack).deployment.refresh, as_json=as_json)
    if result.changed and not as_json:
        say(_("The state now says what is really there. To have it as the program wants it: lab up"))
