"""`pulumi-resource-aws`: the local cloud's provider as a process of its own, for the Pulumi CLI.

This folder is on PATH only inside `lab env` and `lab pulumi`: elsewhere it would stand in the way of a stack on AWS.
"""
