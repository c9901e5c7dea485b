"""Pulumi's messages, loaded without pulumi."""

import importlib.metadata
import subprocess
import sys

from lab.deploy import protocol


def test_the_version_is_the_installed_one():
    assert importlib.metadata.version("pulumi") == protocol.PULUMI_VERSION


def test_classes_are_the_sdks_own():
    from pulumi.runtime.proto import provider_pb2 as theirs

    from lab.deploy.protocol import provider_pb2 as ours

    assert ours.CheckRequest is theirs.CheckRequest


def test_engine_and_messages_do_not_import_pulumi():
    code = (
        "import sys; import lab.deploy.stack, lab.deploy.protocol.provider_pb2; "
        "sys.exit(sum(name.split('.')[0] == 'pulumi' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
