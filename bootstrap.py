"""Make the virtual environment `.venv` from the locked requirements: what `make` runs before anything else.

Uses nothing but the standard library. Safe to run twice, at once, and after a killed run: a stamp inside `.venv`
names the requirements it was made from and is written last; a lock lets one run at a time work on one clone.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
HANDLER_PACKAGES = VENV / "handler-packages"
WHEELHOUSE = ROOT / "wheelhouse"
"""Where `make wheelhouse` puts all that set-up installs; what lies there is not fetched again."""
MINIMUM_PYTHON = (3, 11)


class BootstrapError(Exception):
    """The environment cannot be made; the message says what to do."""


def requirement_files(*, development: bool) -> list[Path]:
    """Return the lock files of all that `.venv` holds: the packages, and uv, which installs them."""
    return [ROOT / "requirements" / name for name in ("dev.txt" if development else "lab.txt", "uv.txt")]


def fingerprint(*, development: bool) -> str:
    """Return a hash of all that the environment is made from."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {ROOT}".encode())
    names = [*requirement_files(development=development), ROOT / "requirements" / "handlers.txt"]
    for path in [*names, ROOT / "pyproject.toml", Path(__file__)]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_ready(*, development: bool) -> bool:
    """Say whether `.venv` already holds what is asked for (a development environment also serves for plain use)."""
    wanted = {fingerprint(development=True), fingerprint(development=development)}
    with contextlib.suppress(OSError):
        return PYTHON.exists() and (VENV / "ready").read_text() in wanted
    return False


def can_be_updated() -> bool:
    """Say whether `.venv` is whole, made by this version of Python, and made in this place (its scripts name it)."""
    if not PYTHON.exists() or not (VENV / "ready").exists():
        return False
    with contextlib.suppress(OSError):
        lines = [line.partition("=") for line in (VENV / "pyvenv.cfg").read_text().splitlines()]
        settings = {name.strip(): value.strip() for name, _equals, value in lines}
        version = tuple(settings.get("version", "").split(".")[:2])
        # A path with spaces stands in it as it is.
        return version == tuple(map(str, sys.version_info[:2])) and settings.get("command", "").endswith(str(VENV))
    return False


@contextlib.contextmanager
def only_one() -> Generator[None]:
    """Wait until no other set-up works on this clone."""
    folder = ROOT / ".lab"
    folder.mkdir(exist_ok=True)
    with (folder / "bootstrap.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("Another set-up of this clone is running; waiting for it to end …", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(title: str, command: list[str]) -> None:
    """Run one step, showing its title and how long it took; its output only if it fails."""
    print(f"  {title} … ", end="", flush=True)
    start = time.monotonic()
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        print("failed")
        raise BootstrapError(f"{done.stdout}{done.stderr}".strip())
    print(f"{time.monotonic() - start:.1f} s", flush=True)


def install_uv() -> None:
    """Install uv, itself a package: it installs the rest in a fraction of the time."""
    options = ["--quiet", "--disable-pip-version-check", "--require-hashes"]
    requirements = ["install", *options, "-r", "requirements/uv.txt"]
    pip = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False)
    if pip.returncode == 0:
        # Making pip a second time, inside .venv, takes longer than all the rest of this step.
        with contextlib.suppress(BootstrapError):
            install("uv", [sys.executable, "-m", "pip", "--python", str(PYTHON), *requirements])
            return
    run("pip", [str(PYTHON), "-m", "ensurepip", "--default-pip"])
    install("uv", [str(PYTHON), "-m", "pip", *requirements])


def uv(*arguments: str) -> list[str]:
    """Return a uv command; with the system's certificates it also works behind a school's proxy."""
    return [str(VENV / "bin" / "uv"), "pip", *arguments, "--quiet", "--system-certs"]


def install(title: str, command: list[str]) -> None:
    """Run an installer on the wheelhouse alone, where there is one; if that lacks something, with the network too."""
    if not WHEELHOUSE.is_dir():
        run(title, command)
        return
    command = [*command, "--find-links", str(WHEELHOUSE)]
    try:
        run(title, [*command, "--no-index"])
    except BootstrapError as lacking:
        print(f"  {WHEELHOUSE.name}/ lacks something for this machine, or for this version; asking the network")
        try:
            run(title, command)
        except BootstrapError as error:
            raise BootstrapError(f"{lacking}\n\n{error}") from error


def fill_wheelhouse() -> None:
    """Fetch all that set-up installs on a machine like this one, each file checked against its hash.

    A file that is there already is kept; so a second run, on another kind of machine, adds what that one needs.
    """
    print(f"Filling {WHEELHOUSE.name}/ for Python {sys.version_info[0]}.{sys.version_info[1]} on this kind of machine")
    WHEELHOUSE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip"]
        if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
            run("pip", [sys.executable, "-m", "venv", folder])
            pip = [f"{folder}/bin/python", "-m", "pip"]
        options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
        for name in ("uv", "lab", "handlers"):
            lock = f"requirements/{name}.txt"
            run(lock, [*pip, "download", *options, "--dest", str(WHEELHOUSE), "--requirement", lock])
    files = [path for path in WHEELHOUSE.iterdir() if path.is_file()]
    megabytes = sum(path.stat().st_size for path in files) / 1_000_000
    print(
        f"{len(files)} files, {megabytes:.0f} MB. Copy the clone with {WHEELHOUSE.name}/ to each machine, but without"
    )
    print(".venv and .lab; `make demo` there needs no network.")


def stop_the_cloud() -> None:
    """Stop this clone's local cloud, if it runs: it would go on with an interpreter that is not there any more."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        stop = [str(VENV / "bin" / "lab"), "cloud", "stop"]
        subprocess.run(stop, cwd=ROOT, capture_output=True, timeout=60, check=False)


def build(*, development: bool) -> None:
    """Make the environment anew, or bring it up to date."""
    marker = VENV / "ready"
    print(f"Setting up {VENV.name} (once; {'with' if development else 'without'} the development tools)", flush=True)
    if can_be_updated():
        development = development or (VENV / "bin" / "pytest").exists()  # what was one for development stays one
    else:
        stop_the_cloud()
        shutil.rmtree(VENV, ignore_errors=True)  # a killed run may have left half of one
        run("virtual environment", [sys.executable, "-m", "venv", "--without-pip", str(VENV)])
    marker.unlink(missing_ok=True)
    install_uv()
    target = ["--python", str(PYTHON)]
    locks = [str(path) for path in requirement_files(development=development)]
    install("packages", uv("sync", *target, "--require-hashes", *locks))  # sync also removes what left the lock
    shutil.rmtree(HANDLER_PACKAGES, ignore_errors=True)
    handlers = ["--require-hashes", "-r", "requirements/handlers.txt", "--target", str(HANDLER_PACKAGES)]
    install("packages that travel with the handlers", uv("install", *target, *handlers))
    run("the lab command", [str(PYTHON), "-c", INSTALL_COMMAND, str(ROOT)])
    marker.write_text(fingerprint(development=development))


# An editable install without a build: a .pth file and one script. It needs no build backend at run time, so that
# set-up works from a wheelhouse without network just as well.
INSTALL_COMMAND = """
import pathlib, site, stat, sys
root = sys.argv[1]
packages = pathlib.Path(next(p for p in site.getsitepackages() if p.endswith("site-packages")))
(packages / "streamlab.pth").write_text(root + "\\n")
command = pathlib.Path(sys.executable).parent / "lab"
# Through sh, because a path in a shebang may neither be long nor hold a space.
start = f"#!/bin/sh\\n\'\'\'exec' \\"{sys.executable}\\" \\"$0\\" \\"$@\\"\\n' \'\'\'\\n"
command.write_text(start + "import sys\\nfrom lab.command import main\\nsys.exit(main())\\n")
command.chmod(command.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
"""


def main() -> int:
    """Make `.venv` ready; 0 when it is, 1 when it cannot be made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--development", action="store_true", help="also install what tests and lint need")
    parser.add_argument("--wheelhouse", action="store_true", help="only fetch what an install without network needs")
    given = parser.parse_args()
    if sys.version_info < MINIMUM_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        print(f"streamlab needs Python 3.11 or newer; `python3` is {found}.")
        print("Install a newer one, then name it: make PYTHON=python3.12 demo")
        return 1
    try:
        with only_one():
            if given.wheelhouse:
                fill_wheelhouse()
            elif not is_ready(development=given.development):
                build(development=given.development)
    except (BootstrapError, OSError) as error:
        print(f"\n{error}\n\nThe set-up did not finish. Check the network (or the wheelhouse) and the free disk space,")
        print("then run the same command again: it goes on safely.")
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again: it goes on safely.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
