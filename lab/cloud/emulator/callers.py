"""Who makes a request, and what they may beside what they asked for."""
# MiniStack has no type information; what leaves this module is typed.
# pyright: basic

from __future__ import annotations

from dataclasses import dataclass

from lab.cloud.emulator.scope import current_scope


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signed a request.

    Attributes:
        access_key: the key it was signed with.
    """

    access_key: str

    def denial(self, action: str, resource_arn: str, **keys: str) -> str | None:
        """Return AWS's words when the caller may not do something, None when they may.

        Args:
            action: `service:Action`.
            resource_arn: the exact resource.
            keys: condition keys of the service, `prefix` for `s3:prefix`.
        """
        from ministack.core import iam_evaluator as iam

        account, region = current_scope()
        principal = iam.resolve_principal(self.access_key, account)
        if isinstance(principal, iam.AuthError):
            return principal.message
        if principal.policies is None:  # the account's root
            return None
        service = action.partition(":")[0]
        context = iam.EvalContext(
            principal_arn=principal.arn,
            principal_type=principal.type,
            principal_account=principal.account,
            action=action,
            resource_arn=resource_arn,
            region=region,
            service_context={f"{service}:{name}": value for name, value in keys.items()},
            principal_keys=principal.keys,
        )
        result = iam.evaluate(context, principal.policies, *principal.limits)
        if policy := iam._resource_policy(service, resource_arn):
            result = iam.combine_resource_policy(result, context, *policy, limits=tuple(principal.limits))
        if result.decision == "Allow":
            return None
        why = (
            "with an explicit deny in an identity-based policy"
            if result.decision == "Deny"
            else f"because no identity-based policy allows the {action} action"
        )
        return f"User: {principal.arn} is not authorized to perform: {action} on resource: {resource_arn} {why}"


def caller_of(headers: dict[str, str], query: dict[str, list[str]]) -> Caller:
    """Return who signed a request that was let through."""
    from ministack.core.router import extract_access_key_id

    return Caller(extract_access_key_id(headers, query))
