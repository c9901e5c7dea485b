"""The passphrase of the stack that comes with the project: empty, so that the CLI asks for none and changes no file."""

import base64
import hashlib

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lab.deploy.stack_files import StackFiles


def test_the_salt_in_the_file_belongs_to_the_empty_passphrase():
    """As Pulumi checks it (pkg/secrets/passphrase): a key from the salt opens the word "pulumi"."""
    version, salt, cipher, nonce, sealed = StackFiles.find("local").encryption_salt.split(":")
    assert (version, cipher) == ("v1", "v1")
    key = hashlib.pbkdf2_hmac("sha256", b"", base64.b64decode(salt), 1_000_000)
    assert AESGCM(key).decrypt(base64.b64decode(nonce), base64.b64decode(sealed), None) == b"pulumi"
