"""`lab preview`: shows what `up` would change."""

from __future__ import annotations

from lab.command_line import LOCAL_STACK, AsJson, Lessons, Stack, VerbApp
from lab.drawing import RESULT_SHAPE, run_and_tell
from lab.target import Target, deployable
from languages import gettext as _

app = VerbApp()


@app.verb(
    "preview",
    details=_("In brackets stand the properties that make the difference."),
    json_shape=RESULT_SHAPE,
    examples=("lab preview basic", "lab preview", "lab preview --json | jq .counts"),
)
def preview(lessons: Lessons = None, *, stack: Stack = LOCAL_STACK, as_json: AsJson = False) -> None:
    """Run the program and compare, without changing anything."""
    named = deployable(lessons, stack)
    run_and_tell(lambda show: Target(stack).deployment.preview(named, show), preview=True, as_json=as_json)
