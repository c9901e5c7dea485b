"""`lab up`: deploys lessons."""

from __future__ import annotations

from lab.command_line import LOCAL_STACK, AsJson, Lessons, Stack, VerbApp
from lab.drawing import RESULT_SHAPE, run_and_tell, tell_outputs
from lab.target import Target, deployable, on_stack
from lab.terminal import say
from languages import gettext as _

app = VerbApp()


@app.verb(
    "up",
    changes=True,
    details=_(
        "Runs the Pulumi program and makes what it asks for; what is deployed already is only compared. Lessons that "
        "are not named any more are removed. Stopped or failed halfway, the same command goes on."
    ),
    json_shape=RESULT_SHAPE,
    examples=("lab up basic", "lab up", "lab up --json | jq .outputs.basic"),
)
def up(lessons: Lessons = None, *, stack: Stack = LOCAL_STACK, as_json: AsJson = False) -> None:
    """Deploy, then show the outputs."""
    named = deployable(lessons, stack)
    target = Target(stack)
    if target.deployment.is_on_aws and not as_json:
        _tell_cost(target, named)  # before it is refused: who goes on with the Pulumi CLI should know
    result = run_and_tell(lambda show: target.deployment.up(named, show), as_json=as_json)
    if not as_json:
        say()
        tell_outputs(result.outputs)
        if result.outputs:
            say()
            say(_("Send some events: lab send {lesson}").format(lesson=on_stack(min(result.outputs), stack)))


def _tell_cost(target: Target, lessons: list[str] | None) -> None:
    from lab.cost.bill import Session
    from lab.cost.telling import estimate

    told = estimate(target, lessons, Session())
    told.tell_lessons()
    say()
    told.tell_limits()
    say()
