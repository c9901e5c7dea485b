"""Every action that a function's role may do is needed: taken away, the lesson fails; given back, it works again.

Policies are swapped in place, on deployed stacks. Roles are tried at the same time, the actions of one role one after
the other.
"""

from __future__ import annotations

import copy
import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from tests.lessons import needs
from tests.lessons.conftest import LESSONS, Deployed, eventually
from tests.lessons.needs import Check, Lesson

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("privileges")]  # one deployment serves them all

UNSEEN = {
    "kinesis:DescribeStreamSummary": (
        "the Lambda developer guide lists it among what a mapping of a Kinesis stream needs, and CDK grants it; what "
        "Lambda asks with it cannot be seen from outside, and its refusal of a mapping does not name it"
    ),
}
"""What is granted although nothing is seen to fail without it, and why."""
WITHOUT_RESOURCE: dict[str, str] = {}
"""What has no resource-level permission and is therefore granted on `*`, and why: nothing is."""
WIDE = {
    r"arn:aws:logs:[^:*]+:\d+:log-group:[^:*]+:\*": "Lambda names the log streams, one for each environment",
    r"arn:aws:s3:::[^/*]+/(compras/)?\*": "objects are named after what comes, which nobody knows before",
}
"""The resources that may end in `*`, and why."""

# Nothing is tried again, so that what fails is given up at once; every kind of destination is there.
FAST = {"maximum_retry_attempts": 0, "alarms": False, "timeout_seconds": 10}
STACKS: dict[str, dict[str, Any]] = {
    "privileges": {
        "lessons": list(LESSONS),
        "basic": {**FAST, "bisect": False},
        "votes": {**FAST, "counting": "economical"},
        "purchases": FAST,
        "orders": {**FAST, "destination": "sns"},
        "archive": {**FAST, "layout": "batch"},
    },
    "others": {
        "lessons": ["votes", "archive"],
        "votes": {**FAST, "counting": "transactional"},
        "archive": {**FAST, "layout": "record", "destination": "s3"},
    },
}

LOGS_SECONDS = 10
"""How long a role may be believed to have its permission to log; the local cloud asks once a second."""

TITLES = {
    "privileges": {},
    "others": {"votes": "transactional votes", "archive": "record archive"},
}
"""What the lessons of a stack are called here, where not by their names."""
FUNCTIONS = ("Consumer", "Producer", "Results", "Report")
"""How the outputs name functions: `ConsumerFunctionName`."""

CHECKS: dict[tuple[str, str], Callable[[Lesson], bool]] = {
    ("basic.Consumer", "dynamodb:BatchWriteItem"): needs.stores_an_event,
    ("basic.Consumer", "dynamodb:PutItem"): needs.stores_an_event_beside_one_that_is_refused,
    ("votes.Producer", "kinesis:PutRecord"): needs.takes_a_vote,
    ("votes.Results", "dynamodb:BatchGetItem"): needs.tells_the_results,
    ("votes.Consumer", "dynamodb:GetItem"): needs.counts_economically,
    ("votes.Consumer", "dynamodb:UpdateItem"): needs.counts_economically,
    ("transactional votes.Consumer", "dynamodb:PutItem"): needs.counts_in_transactions,
    ("transactional votes.Consumer", "dynamodb:UpdateItem"): needs.counts_in_transactions,
    ("purchases.Consumer", "s3:PutObject"): needs.documents_a_purchase,
    ("purchases.Report", "dynamodb:Query"): needs.reports,
    ("orders.Producer", "kinesis:PutRecords"): needs.produces_an_order,
    ("archive.Consumer", "s3:PutObject"): needs.archives,
    ("archive.Consumer", "s3:ListBucket"): needs.archives,
    ("archive.Consumer", "s3:GetObject"): needs.archives_again,
    ("record archive.Consumer", "s3:PutObject"): needs.archives,
}
"""What a function itself needs an action for; a mapping's and a log's are the same in every lesson."""

ROUTES: dict[str, Callable[[Lesson], bool]] = {
    "POST/votes": needs.takes_a_vote,
    "GET/results": needs.tells_the_results,
    "GET/": needs.shows_the_page,
    "GET/reportes": needs.reports_over_http,
}
"""What shows whether an API may invoke the function behind a route."""


@dataclass(frozen=True)
class Role:
    """A function's role: what it may do, and how to see that it can."""

    title: str
    """Lesson and function, such as `votes.Consumer`."""
    name: str
    policies: Mapping[str, Any]
    """Documents by name."""
    lesson: Lesson
    function: str
    log_group: str

    @classmethod
    def of(cls, lesson: Lesson, title: str) -> Role:
        clients, part = lesson.clients, title.partition(".")[2]
        function = lesson.outputs[f"{part}FunctionName"]
        name = clients.lambda_.get_function_configuration(FunctionName=function)["Role"].rpartition("/")[2]
        policies = {
            policy: clients.iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in clients.iam.list_role_policies(RoleName=name)["PolicyNames"]
        }
        return cls(title, name, policies, lesson, function, lesson.outputs[f"{part}LogGroupName"])

    @property
    def actions(self) -> frozenset[str]:
        """All that it may do, wherever."""
        return frozenset(action for _policy, _place, statement in self.statements() for action in statement["Action"])

    def statements(self) -> Iterator[tuple[str, int, dict[str, Any]]]:
        """Yield each statement, with its policy's name and its place in it."""
        for policy, document in self.policies.items():
            for place, statement in enumerate(document["Statement"]):
                yield policy, place, statement

    def check(self, policy: str, action: str) -> Check | None:
        """Return what shows whether the role can do what it has an action of a policy for; None: nothing is known."""
        if action == "logs:CreateLogStream":
            return self.lesson.makes_log_stream(self.function, self.log_group)
        if action == "logs:PutLogEvents":
            return self.lesson.logs(self.function, self.log_group)
        if "-reader-policy" in policy:
            return self.lesson.is_mapped
        own = CHECKS.get((self.title, action))
        return own and functools.partial(own, self.lesson)

    def put(self, policy: str, document: Any) -> None:
        """Put a policy in the place of the one of that name; one without statements is none."""
        iam: Any = self.lesson.clients.iam
        if document["Statement"]:
            iam.put_role_policy(RoleName=self.name, PolicyName=policy, PolicyDocument=json.dumps(document))
        else:
            iam.delete_role_policy(RoleName=self.name, PolicyName=policy)

    def needless(self) -> list[str]:
        """Return the actions without which nothing fails."""
        return [
            f"{self.title}: {action} on {statement['Resource']}"
            for policy, place, statement in self.statements()
            for action in statement["Action"]
            if action not in UNSEEN and not self.needs(policy, place, action)
        ]

    def needs(self, policy: str, place: int, action: str) -> bool:
        """Say whether something fails without an action, and works again with it."""
        document, check = self.policies[policy], self.check(policy, action)
        if check is None:
            return False
        patience_seconds = LOGS_SECONDS if action.startswith("logs:") else 0
        self.put(policy, without(document, place, action))
        try:
            failed = eventually(lambda: not check(), seconds=patience_seconds)
        finally:
            self.put(policy, document)
        assert eventually(check), f"{self.title}: it does not work with {action} either"
        return bool(failed)


def without(document: Any, place: int, action: str) -> Any:
    """Return a policy without one action of one statement."""
    left = copy.deepcopy(document)
    left["Statement"][place]["Action"].remove(action)
    if not left["Statement"][place]["Action"]:
        del left["Statement"][place]
    return left


@pytest.fixture(scope="module")
def stacks(stack: Callable[[str], Deployed]) -> dict[str, Deployed]:
    for name, settings in STACKS.items():
        stack(name).up(**settings)
    return {name: stack(name) for name in STACKS}


def roles_of(deployed: Deployed, titles: Mapping[str, str]) -> list[Role]:
    """Return the roles of a stack's functions; `titles` names lessons where not their own name shall do."""
    roles: list[Role] = []
    for name, outputs in deployed.outputs().items():
        lesson = Lesson(deployed.clients, outputs)
        parts = [part for part in FUNCTIONS if f"{part}FunctionName" in outputs]
        roles += [Role.of(lesson, f"{titles.get(name, name)}.{part}") for part in parts]
    return roles


@pytest.fixture(scope="module")
def roles(stacks: dict[str, Deployed]) -> list[Role]:
    """The roles of all functions of both stacks."""
    return [role for name, deployed in stacks.items() for role in roles_of(deployed, TITLES[name])]


def test_no_role_is_left_out(stacks: dict[str, Deployed], roles: list[Role]):
    deployed = [role for each in stacks.values() for role in each.physical("aws:iam/role:Role")]
    assert sorted(role.name for role in roles) == sorted(deployed)
    for role in roles:
        iam = role.lesson.clients.iam
        assert not iam.list_attached_role_policies(RoleName=role.name)["AttachedPolicies"]


def test_every_statement_allows_named_actions_on_one_named_resource(roles: list[Role]):
    for role in roles:
        for _policy, _place, statement in role.statements():
            assert statement["Effect"] == "Allow"
            assert not [action for action in statement["Action"] if "*" in action]
            resource = statement["Resource"]
            assert isinstance(resource, str)
            if "*" in resource:
                wide = any(re.fullmatch(pattern, resource) for pattern in WIDE)
                assert wide or set(statement["Action"]) <= WITHOUT_RESOURCE.keys(), (role.title, resource)


def test_every_action_is_needed(roles: list[Role]):
    tried: dict[frozenset[str], Role] = {}
    for role in roles:
        # A function of the second stack that may do what its like of the first may has nothing new to show.
        tried.setdefault(role.actions | {role.title.rpartition(" ")[2]}, role)
    with ThreadPoolExecutor(len(tried)) as pool:
        needless = [found for each in pool.map(Role.needless, tried.values()) for found in each]
    assert not needless, "\n".join(["Granted, and nothing fails without it:", *needless])


def test_what_is_granted_although_nothing_fails_without_it_is_told_rightly(roles: list[Role]):
    """What stands in the list of exceptions is granted, and really cannot be seen: else it belongs among the others."""
    seen = [
        (role.title, action)
        for role in roles[:1]
        for policy, place, statement in role.statements()
        for action in UNSEEN.keys() & set(statement["Action"])
        if role.needs(policy, place, action)
    ]
    assert not seen
    assert UNSEEN.keys() <= frozenset().union(*(role.actions for role in roles))


def test_every_api_may_invoke_its_functions_for_its_routes_and_needs_that(stacks: dict[str, Deployed]):
    seen: set[str] = set()
    lambda_ = stacks["privileges"].clients.lambda_
    for lesson, route, function, permission in permissions(stacks["privileges"]):
        seen.add(route)
        lambda_.remove_permission(FunctionName=function, StatementId=permission["Sid"])
        failed = not ROUTES[route](lesson)
        lambda_.add_permission(
            FunctionName=function,
            StatementId=permission["Sid"],
            Action=permission["Action"],
            Principal=permission["Principal"]["Service"],
            SourceArn=permission["Condition"]["ArnLike"]["AWS:SourceArn"],
        )
        assert failed, f"{route} works without {permission}"
        assert ROUTES[route](lesson)
    assert seen == ROUTES.keys()


def permissions(deployed: Deployed) -> Iterator[tuple[Lesson, str, str, Any]]:
    """Yield each statement of the functions' own policies: lesson, route (`GET/results`), function, statement."""
    lambda_ = deployed.clients.lambda_
    for outputs in deployed.outputs().values():
        lesson = Lesson(deployed.clients, outputs)
        for function in {outputs[f"{part}FunctionName"] for part in FUNCTIONS if f"{part}FunctionName" in outputs}:
            try:
                policy = json.loads(lambda_.get_policy(FunctionName=function)["Policy"])
            except lambda_.exceptions.ResourceNotFoundException:
                continue
            for statement in policy["Statement"]:
                assert (statement["Action"], statement["Effect"]) == ("lambda:InvokeFunction", "Allow")
                source = statement["Condition"]["ArnLike"]["AWS:SourceArn"]
                assert "*" not in source
                yield lesson, source.partition("/$default/")[2], function, statement
