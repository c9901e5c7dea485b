"""`lab outputs`: shows the names of what is deployed."""

from __future__ import annotations

from lab.command_line import LOCAL_STACK, AsJson, Stack, VerbApp
from lab.drawing import tell_outputs
from lab.target import Target
from lab.terminal import say_json
from languages import gettext as _

app = VerbApp()


@app.verb(
    "outputs",
    details=_("With them you find everything again with the AWS CLI, or in the AWS console."),
    json_shape="{LESSON: {NAME: VALUE}}",
    examples=("lab outputs", "lab outputs --json | jq -r .basic.KinesisStreamName"),
)
def outputs(*, stack: Stack = LOCAL_STACK, as_json: AsJson = False) -> None:
    """Print the outputs, lesson by lesson."""
    deployed = Target(stack).outputs
    if as_json:
        say_json(dict(deployed))
    else:
        tell_outputs(deployed)
