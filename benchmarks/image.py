"""Carries out the Dockerfile without Docker, and tries what comes out as a container would run it.

    python -m benchmarks.image [--target service|spark] [--build-arg NAME=VALUE] [--keep FOLDER]

As root on Debian, with `debootstrap`: each stage is a Debian of its own in which the very RUN
commands are run by chroot; the official Python image is a minimal Debian of the same release with
this Python under /usr/local. The result is then run with a read-only root, a small /tmp, no
capabilities and the image's user: the service until its health check is content, then SIGTERM.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dockerfile_parse import DockerfileParser

ROOT = Path(__file__).parent.parent
RELEASE = "bookworm"
#: What Python's own modules link to.
LIBRARIES = (
    "ca-certificates,libbz2-1.0,libffi8,liblzma5,libncursesw6,libreadline8,libsqlite3-0,"
    "libssl3,libuuid1,zlib1g"
)
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
#: How a RUN command is run: $1 is the root, $2 the user, the rest the command.
_BUILT = """
set -e
root=$1 user=$2; shift 2
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
exec chroot --userspec="$user" "$root" "$@"
"""
#: How a container is run: with the same arguments, hardened.
_CONTAINED = """
set -e
root=$1 user=$2; shift 2
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o size=256m,mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o size=256m,uid=$user,gid=$user tmpfs "$root/data"
mount --bind /dev "$root/dev"
mount -o remount,ro,bind "$root"
exec chroot "$root" setpriv --reuid "$user" --regid "$user" --clear-groups \
  --no-new-privs --inh-caps=-all --bounding-set=-all "$@"
"""


class Stage:
    """A stage of the Dockerfile as a folder, and what its instructions have set so far."""

    def __init__(self, folder: Path, arguments: Mapping[str, str]) -> None:
        self.folder = folder
        self.arguments = dict(arguments)
        self.environment = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
        self.user, self.workdir = "0", "/"
        self.entrypoint: list[str] = []
        self.command: list[str] = []
        self.health: list[str] = []

    def fork(self, folder: Path, arguments: Mapping[str, str]) -> Stage:
        """Return a stage that goes on from here."""
        _call("cp", "-a", "--reflink=auto", self.folder, folder)
        made = Stage(folder, arguments)
        made.environment |= self.environment
        made.user, made.workdir = self.user, self.workdir
        return made

    def run(self, command: str) -> None:
        """Run a RUN command inside, as it stands."""
        outside = {"PIP_CERT": str(_CERTIFICATES), "DEBIAN_FRONTEND": "noninteractive"}
        environment = outside | self.environment | self.arguments
        inside = ["sh", "-c", _BUILT, "sh", self.folder, self.user, "/bin/sh", "-c", command]
        _call("unshare", "--mount", "--pid", "--fork", *inside, env=environment)


class Build:
    """The stages of the Dockerfile, carried out one by one."""

    def __init__(self, work: Path, given: Mapping[str, str]) -> None:
        self._work, self._given = work, given
        self._global: dict[str, str] = {}
        self.stages: dict[str, Stage] = {}
        self._stage: Stage | None = None

    def until(self, target: str) -> Stage:
        """Carry out what the target needs; the other stages come before it and are cheap."""
        with (ROOT / "Dockerfile").open(encoding="utf-8") as file:
            steps: list[dict[str, Any]] = [*map(dict, DockerfileParser(fileobj=file).structure)]
        wanted = _needed(steps, target)
        skipping = False
        for step in steps:
            name, value = step["instruction"], step["value"]
            if name == "FROM":
                skipping = value.rpartition(" ")[2] not in wanted
            if name != "COMMENT" and not skipping:
                print(f"{name} {value}", flush=True)
                getattr(self, f"_{name.lower()}")(value)
        return self.stages[target]

    def _from(self, value: str) -> None:
        source, _, name = value.split()
        folder = self._work / name
        if source not in self.stages:
            self.stages[source] = Stage(_python_image(self._work / "python"), {})
        self._stage = self.stages[source].fork(folder, {})
        self.stages[name] = self._stage

    def _arg(self, value: str) -> None:
        name, _, default = value.partition("=")
        given = self._given.get(name, default)
        (self._stage.arguments if self._stage else self._global)[name] = given

    def _env(self, value: str) -> None:
        for word in value.split():
            name, _, text = word.partition("=")
            text = text.replace("$PATH", self._now.environment["PATH"])
            self._now.environment[name] = text

    def _run(self, value: str) -> None:
        self._now.run(value)

    def _copy(self, value: str) -> None:
        *options, source, target = value.split()
        inside = self._now.folder / target.lstrip("/")
        if options:
            stage = self.stages[options[0].removeprefix("--from=")]
            inside.parent.mkdir(parents=True, exist_ok=True)
            _call("cp", "-a", stage.folder / source.lstrip("/"), inside)
        else:
            _copy_context(inside)

    def _workdir(self, value: str) -> None:
        self._now.workdir = value

    def _user(self, value: str) -> None:
        self._now.user = value

    def _expose(self, value: str) -> None:
        """Nothing to do: there is no network of its own."""

    def _entrypoint(self, value: str) -> None:
        self._now.entrypoint = json.loads(value)

    def _cmd(self, value: str) -> None:
        self._now.command = json.loads(value)

    def _healthcheck(self, value: str) -> None:
        self._now.health = json.loads(value[value.index("[") :])

    @property
    def _now(self) -> Stage:
        assert self._stage
        return self._stage


def _needed(steps: list[dict[str, Any]], target: str) -> set[str]:
    """Return the stages that a target is made from, itself among them."""
    uses: dict[str, set[str]] = {}
    name = ""
    for step in steps:
        if step["instruction"] == "FROM":
            source, _, name = step["value"].split()
            uses[name] = {source}
        elif step["instruction"] == "COPY" and "--from=" in step["value"]:
            uses[name].add(step["value"].split()[0].removeprefix("--from="))
    needed: set[str] = set()
    waiting = {target}
    while waiting:
        needed |= waiting
        waiting = {used for each in waiting for used in uses[each] if used in uses} - needed
    return needed


def _python_image(folder: Path) -> Path:
    """Make what stands for the official image of this Python."""
    _call("debootstrap", "--variant=minbase", f"--include={LIBRARIES}", RELEASE, folder)
    for name in ("etc/resolv.conf", str(_CERTIFICATES)[1:]):
        shutil.copy(Path("/", name), folder / name)
    left_out = shutil.ignore_patterns("site-packages", "__pycache__", "test", "share")
    version = f"python3.{sys.version_info.minor}"
    for name in ("include", "lib", f"bin/{version}"):
        source, target = Path(sys.base_prefix, name), folder / "usr/local" / name
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True, ignore=left_out)
        else:
            shutil.copy(source, target)
    links = f"ln -s {version} /usr/local/bin/python3 && ln -s python3 /usr/local/bin/python"
    Stage(folder, {}).run(f"ldconfig && {links} && python -m ensurepip --default-pip")
    return folder


def _copy_context(target: Path) -> None:
    """Copy what .dockerignore lets through: a list of exceptions from `*`."""
    patterns = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    target.mkdir(parents=True)
    for name in (pattern[1:] for pattern in patterns if pattern.startswith("!")):
        source = ROOT / name
        if source.is_dir():
            left_out = shutil.ignore_patterns("__pycache__", "*.py[co]")
            shutil.copytree(source, target / name, ignore=left_out)
        else:
            shutil.copy(source, target / name)


def _contained(stage: Stage, *command: str, **environment: str) -> list[str]:
    """Return the command that runs another as a hardened container of a stage would."""
    told = [f"{name}={value}" for name, value in (stage.environment | environment).items()]
    inside = ["env", "-i", f"--chdir={stage.workdir}", *told, *command]
    user = stage.user.partition(":")[0]
    spaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    return [*spaces, "sh", "-c", _CONTAINED, "sh", str(stage.folder), user, *inside]


def _try_service(stage: Stage) -> None:
    serving = _contained(stage, *stage.entrypoint, *stage.command)
    service = subprocess.Popen(serving, start_new_session=True)
    try:
        for _ in range(100):
            checked = subprocess.run(
                _contained(stage, *stage.health), capture_output=True, check=False
            )
            if checked.returncode == 0:
                break
            time.sleep(0.3)
        else:
            raise SystemExit(f"the health check fails: {checked.stderr.decode()}")
        print("healthy with a read-only root, as user", stage.user)
        (inside,) = Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text().split()
        os.kill(int(inside), signal.SIGTERM)
        print("stopped with status", service.wait(60))
    finally:
        service.kill()


def _call(*command: object, **options: Any) -> None:
    subprocess.run([str(part) for part in command], check=True, stdin=subprocess.DEVNULL, **options)


def main() -> None:
    """Build, try and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", default="service")
    parser.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--keep", type=Path, help="leave the stages in this folder")
    options = parser.parse_args()
    given = dict(argument.split("=", 1) for argument in options.build_arg)
    work = options.keep or Path(tempfile.mkdtemp(prefix="image-"))
    work.mkdir(exist_ok=True)
    try:
        stage = Build(work, given).until(options.target)
        for folder in ("", "opt/softbalance"):
            _call("du", "-sh", stage.folder / folder)
        shown = subprocess.run(
            _contained(stage, *stage.entrypoint, "cases"),
            text=True,
            check=False,
            capture_output=True,
        )
        print("\n".join(shown.stdout.splitlines()[-3:]), shown.stderr)
        absent = subprocess.run(_contained(stage, "sh", "-c", "command -v gcc cc pip"), check=False)
        print("a compiler is in it" if absent.returncode == 0 else "no compiler is in it")
        if stage.health:
            _try_service(stage)
    finally:
        if not options.keep:
            shutil.rmtree(work)


if __name__ == "__main__":
    main()
