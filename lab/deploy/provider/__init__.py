"""Pulumi's `aws` provider for the local cloud: the ResourceProvider protocol over the services' own APIs."""

from lab.deploy.provider.service import AwsProvider

__all__ = ["AwsProvider"]
