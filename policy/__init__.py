"""What a stack should look like, as small rules: a Pulumi policy pack on AWS, warnings of `lab up` on this computer."""

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Pulumi's sign for what is not known before something is made."""
