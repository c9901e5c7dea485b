"""The verbs of the `lab` command, one module each, imported when the verb is called."""

from __future__ import annotations

from languages import gettext as _


def sections() -> list[tuple[str, dict[str, str]]]:
    """Return the verbs as `lab --help` lists them: heading, and under it verb and what it does.

    The verb `name` is the module `lab.verbs.name`.
    """
    return [
        (
            _("Begin here"),
            {"demo": _("Lesson basic on a local cloud: from nothing to the first items, and why one record failed.")},
        ),
        (
            _("The workbook"),
            {
                "list": _("Show the exercises, and how far you are."),
                "watch": _("Work through the exercises: checks whenever you save, hints on a key."),
                "check": _("Say whether an exercise is right, and if not, what happened, why, and what to do next."),
                "hint": _("Show the next hint."),
                "solution": _("Show how it can be done, once it is passed or the hints are used up."),
                "goto": _("Go to an exercise out of the order."),
                "reset": _("Begin an exercise again; what you wrote is kept."),
                "grade": _("Run every check again, and say which files were worked on: for a teacher."),
                "workbook": _("For authors: see that every exercise is whole."),
            },
        ),
        (
            _("Deploy"),
            {
                "up": _("Deploy lessons, or bring what is deployed up to date."),
                "preview": _("Show what `up` would change, and change nothing."),
                "down": _("Remove everything that is deployed."),
                "cost": _("Tell what lessons would cost on AWS, before anything is deployed."),
                "outputs": _("Show the names of what is deployed."),
                "leftovers": _("Find what is left over and what it costs, and delete it."),
                "refresh": _("Compare the state with what is really there, and take over what is different."),
                "stack": _("Write down what is deployed, for the Pulumi CLI, or take over what that wrote down."),
                "pulumi": _("Let the Pulumi CLI deploy to the local cloud."),
                "package": _("Build the code packages of the lessons' functions."),
            },
        ),
        (
            _("Use what is deployed"),
            {
                "send": _("Send events to a lesson's stream."),
                "show": _("Show what came out of a lesson: items, failures, and both by shard."),
                "invoke": _("Call a function with an event, deployed or from its source."),
                "event": _("Make an event as AWS hands it to a function."),
                "logs": _("Show the log of a function."),
                "stream": _("Look into a stream: its shards, its records."),
                "shards": _("Tell which shard a partition key falls into and why, and where records really went."),
                "query": _("Ask the purchases' data lake in SQL, through Athena."),
                "verify": _("Say whether the purchases' data lake is whole: catalogue, partitions, rows."),
                "env": _("Print what a shell needs so that the AWS CLI and boto3 talk to the local cloud."),
            },
        ),
        (
            _("The local cloud"),
            {
                "doctor": _("Say what keeps the lab from working, and what to do about it."),
                "cloud": _("Start, stop and look after the AWS on this computer."),
                "trace": _("Tell what happened between a stream and a function, and why a record came twice."),
                "metrics": _("Show a function's invocations, errors, throttles, duration and lag."),
                "fault": _("Make something fail on purpose: a function, a shard, a destination."),
            },
        ),
    ]
