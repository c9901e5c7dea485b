"""What can be wrong with any learner's work, whatever the exercise: told in the person's language."""

from __future__ import annotations

from lab.workbook.verdict import Verdict
from languages import gettext as _

GENERIC = (
    "missing_file",
    "not_text",
    "not_python",
    "not_toml",
    "no_such_name",
    "other_arguments",
    "unusable",
    "raised",
    "ended",
    "too_long",
    "too_much_output",
    "unanswered",
    "not_a_number",
    "not_a_choice",
    "not_deployed",
    "cloud",
)
"""The keys of these failures."""


def missing_file(path: str, name: str) -> Verdict:
    """Say that a file of the learner's is not there."""
    return Verdict(
        passed=False,
        failure="missing_file",
        what=_("{path} is not there.").format(path=path),
        why=_("It was removed or renamed; the check looks for it by this name."),
        next=_("Get back the file as it was at the beginning: lab reset {name}").format(name=name),
    )


def unreadable(path: str, reason: str) -> Verdict:
    """Say that a file of the learner's may not be read."""
    return Verdict(
        passed=False,
        failure="missing_file",
        what=_("{path} cannot be read.").format(path=path),
        why=reason,
        next=_("Make it readable for you: chmod u+rw {path}").format(path=path),
    )


def not_text(path: str) -> Verdict:
    """Say that a file is in another encoding."""
    return Verdict(
        passed=False,
        failure="not_text",
        what=_("{path} is not UTF-8 text.").format(path=path),
        why=_("The editor saved it in another encoding; Python and AWS both expect UTF-8."),
        next=_("Save it as UTF-8: editors show the encoding at the bottom, or in “Save as”."),
    )


def not_python(place: str, reason: str) -> Verdict:
    """Say that a file does not compile."""
    return Verdict(
        passed=False,
        failure="not_python",
        what=_("Python cannot read {place}: {reason}.").format(place=place, reason=reason),
        why=_("Lambda would say the same at the first record, and try the batch again until it expires."),
        next=_("Look at {place}, and at the line before it.").format(place=place),
    )


def not_toml(path: str, reason: str) -> Verdict:
    """Say that a file of answers cannot be read."""
    return Verdict(
        passed=False,
        failure="not_toml",
        what=_("{path} cannot be read: {reason}.").format(path=path, reason=reason),
        why=_("A text stands between quotes, a number does not and has a point: 2.5. Every line is `name = value`."),
        next=_("Mend that line of {path}.").format(path=path),
    )


def no_such_name(path: str, name: str) -> Verdict:
    """Say that a function the exercise asks for is not there."""
    return Verdict(
        passed=False,
        failure="no_such_name",
        what=_("{path} has no `{name}`.").format(path=path, name=name),
        why=_("The check, like Lambda, calls it by this name."),
        next=_("Give it back its name in {path}.").format(path=path),
    )


def other_arguments(call: str, signature: str, place: str) -> Verdict:
    """Say that a function takes other arguments than it is called with."""
    return Verdict(
        passed=False,
        failure="other_arguments",
        what=_("{signature} does not take the arguments of {call}.").format(signature=signature, call=call),
        why=_("The check calls it as Lambda, or the code around it, does: a handler always gets event and context."),
        next=_("Give it back its arguments: {place}").format(place=place),
    )


def unusable(call: str, returned: str, error: str, place: str) -> Verdict:
    """Say that the check could not use what the learner's code gave back."""
    what = _("{call} returned {returned}, with which the check could not go on: {error}.")
    if not returned:
        what = _("After {call} the check could not go on with what it found: {error}.")
    return Verdict(
        passed=False,
        failure="unusable",
        what=what.format(call=call, returned=returned, error=error),
        why=_("It has another shape than the task asks for: a missing return gives None, a text is no dict."),
        next=_("Compare what {place} gives back and stores with the README's task.").format(place=place),
    )


def raised(call: str, error: str, place: str) -> Verdict:
    """Say that the learner's code raised an exception."""
    what = _("{call} raised {error}.") if call else _("Running the file raised {error}.")
    return Verdict(
        passed=False,
        failure="raised",
        what=what.format(call=call, error=error),
        why=_("An exception nobody expected ends the invocation; a mapping then tries the whole batch again."),
        next=_("Look at {place}. The whole traceback: the same command with --why").format(place=place),
    )


def ended(call: str, place: str) -> Verdict:
    """Say that the learner's code ended its process."""
    what = _("{call} ended the program.") if call else _("The code ended the program.")
    return Verdict(
        passed=False,
        failure="ended",
        what=what.format(call=call),
        why=_("In Lambda, exit() ends the execution environment: the invocation fails, and the next starts cold."),
        next=_("Return from the function instead: {place}").format(place=place),
    )


def too_long(seconds: float, place: str) -> Verdict:
    """Say that the learner's code did not come to an end."""
    return Verdict(
        passed=False,
        failure="too_long",
        what=_("After {seconds:g} s the check was not done; {place} was running.").format(seconds=seconds, place=place),
        why=_("Lambda, too, ends what takes longer than its timeout, and the mapping tries the batch again."),
        next=_("See which condition ends the loop at {place}.").format(place=place),
    )


def too_much_output(megabytes: int, place: str) -> Verdict:
    """Say that the learner's code printed without end."""
    return Verdict(
        passed=False,
        failure="too_much_output",
        what=_("The code printed more than {megabytes} MB; it was stopped.").format(megabytes=megabytes),
        why=_("On AWS, every line printed goes to CloudWatch Logs, at 0.50 USD a gigabyte."),
        next=_("Take out the print, or end the loop around it: {place}").format(place=place),
    )


def unanswered(path: str, name: str, *, prediction: bool) -> Verdict:
    """Say that an answer has not been given yet."""
    if prediction:
        why = _("First predict, then run: what surprises you is what you will remember. A wrong guess costs nothing.")
    else:
        why = _("The check compares what you saw with what it sees itself.")
    return Verdict(
        passed=False,
        failure="unanswered",
        what=_("{name} in {path} has no answer yet.").format(name=name, path=path),
        why=why,
        next=_("Write it into {path}.").format(path=path),
    )


def not_a_number(path: str, name: str, value: str) -> Verdict:
    """Say that an answer should be a number."""
    return Verdict(
        passed=False,
        failure="not_a_number",
        what=_("{name} in {path} is {value}, which is not a number.").format(name=name, path=path, value=value),
        why=_("A number stands without quotes, with a point before its decimals: {name} = 2.5").format(name=name),
        next=_("Write it as a number into {path}.").format(path=path),
    )


def not_a_choice(path: str, name: str, value: str, choices: str) -> Verdict:
    """Say that an answer is none of those to choose from."""
    return Verdict(
        passed=False,
        failure="not_a_choice",
        what=_("{name} in {path} is {value}.").format(name=name, path=path, value=value),
        why=_("It can be one of: {choices}.").format(choices=choices),
        next=_("Write one of them into {path}.").format(path=path),
    )


def not_deployed(path: str, reason: str) -> Verdict:
    """Say that the learner's Pulumi program could not be deployed."""
    return Verdict(
        passed=False,
        failure="not_deployed",
        what=_("{path} could not be deployed: {reason}").format(path=path, reason=reason),
        why=_("`lab up` here and `pulumi up` on AWS would stop at the same place."),
        next=_("Mend {path}, then check again.").format(path=path),
    )


def cloud(reason: str) -> Verdict:
    """Say that the check's cloud could not do its part."""
    return Verdict(
        passed=False,
        failure="cloud",
        what=_("The cloud of this check did not do its part: {reason}").format(reason=reason),
        why=_("It is no fault of your work: a cloud was stopped, or this machine is short of memory or disk."),
        next=_("Check again. If it happens twice, see what is wrong here: lab doctor"),
    )
