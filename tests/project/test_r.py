"""The page for users of R runs, in R, with the command and a service as there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from places import ROOT

PAGE = (ROOT / "docs" / "r.md").read_text("utf-8")
SNIPPETS = re.findall(r"```r\n(.*?)```", PAGE, re.DOTALL)


def run_r(folder: Path, code: str) -> str:
    (folder / "page.R").write_text(code, "utf-8")
    (folder / "examples").symlink_to(ROOT / "examples")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["Rscript", "-e", 'source("page.R", print.eval = TRUE)'],
        cwd=folder,
        env={**os.environ, "PATH": path, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_snippet_of_the_page_runs(tmp_path: Path, serve: Callable[..., str]) -> None:
    address = serve()
    # what the service listens on is no other place in the page than where its functions ask
    there = f'formals(classify_episode)$url <- "{address}"\n'
    said = run_r(tmp_path, SNIPPETS[0] + there + "".join(SNIPPETS[1:]))
    assert re.search(r"moscow-tehran +brooks-wohlforth-2004 +\w+", said)
    assert re.search(r"sco-2001 +paul-2004 +\w+", said)
    assert '[1] "' in said
    assert re.search(r"constrains_hegemon +unknown value '7(.0)?'", said)
    assert re.search(r"\w+: classification is \w+", said)
    assert "did you mean 'constrains_hegemon'" in said
    assert "/indicators/constrains_hegemony" in said


@pytest.mark.parametrize("kind", ["factor", "text", "accents"])
def test_a_frame_arrives_as_it_is(tmp_path: Path, kind: str) -> None:
    values = 'factor(c("yes", "no", NA))' if kind == "factor" else 'c("yes", "no", NA)'
    note = "c('a', 'b;c', NA)" if kind != "accents" else "c('Größe', 'α \"β\"', 'x\\ny')"
    code = f"""
    source("examples/softbalance.R")
    coded <- data.frame(id = 1:3, form = "other", constrains_hegemon = {values}, note = {note})
    verdicts <- classify_frame(coded)
    stopifnot(identical(verdicts$id, c("1", "2", "3")), identical(verdicts$note, coded$note))
    cat(verdicts$classification)
    """
    assert len(run_r(tmp_path, code).split()) == 3
