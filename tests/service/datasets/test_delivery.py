"""Outputs: all of a run's files or none, through links, to pipes, and on disks that are full."""

import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from candidate_runs import candidates
from dataset_files import classify, read, read_lines, read_parquet, write
from event_files import gdelt, text
from processes import SOFTBALANCE

OLD = "of an earlier run"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(Path("good.csv"), ["id", "form"], [["a", "other"]])
    write(Path("bad.csv"), ["id", "form"], [["a", "other"], ["b", "othr"]])
    return tmp_path


def listing(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own that holds a megabyte."""
    if os.geteuid():
        pytest.skip("only root may mount a file system")
    disk = tmp_path / "small"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=True)
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def write_many(path: Path) -> Path:
    """Write rows whose answer has some megabytes, none of which can be rejected."""
    return write(path, ["id", "form"], ([f"e{n}", "other"] for n in range(20_000)))


@pytest.mark.parametrize("rejects", [None, "elsewhere/r.csv", "a-folder"])
def test_rejects_that_cannot_be_written_are_told_before_the_work(
    folder: Path, rejects: str | None
) -> None:
    (folder / "a-folder").mkdir()
    (folder / "out.csv.rejects.csv").mkdir()
    (folder / "out.csv").write_text(OLD)
    before = listing(folder)
    # an input that is not there would be told first, if the work had begun
    options = ["--rejects", rejects] if rejects and rejects != "a-folder" else []
    done = subprocess.run(
        [SOFTBALANCE, "classify", "missing.csv", "-o", "out.csv", *options],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith(f"softbalance: {rejects if options else 'out.csv.rejects.csv'}: ")
    assert (folder / "out.csv").read_text() == OLD
    assert listing(folder) == before


def test_rejects_lost_at_the_end_take_the_answer_with_them(folder: Path) -> None:
    """The place of the rejects is taken by a folder while the rows are still being sent."""
    (folder / "out.csv").write_text(OLD)
    command = [SOFTBALANCE, "classify", "-", "-o", "out.csv", "--rejects", "r.csv"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stderr
        process.stdin.write(b"id,form\na,other\n")
        process.stdin.flush()
        while not list(folder.glob(".softbalance-*/stream-0")):
            assert process.poll() is None
        (folder / "r.csv").mkdir()
        process.stdin.write(b"b,othr\n")
        process.stdin.close()
        said = process.stderr.read().decode()
    assert process.returncode == 2
    assert said.startswith("softbalance: r.csv: cannot be written: ")
    assert (folder / "out.csv").read_text() == OLD
    assert not list(folder.glob(".softbalance-*"))


@pytest.mark.parametrize("out", ["-", "/dev/full"])
def test_a_stream_that_takes_no_more_leaves_no_rejects(folder: Path, out: str) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [SOFTBALANCE, "classify", "bad.csv", "-o", out],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    place = "standard output" if out == "-" else out
    assert done.returncode == 2
    assert done.stderr.startswith(f"softbalance: {place}: cannot be written: No space left")
    assert listing(folder) == {"good.csv", "bad.csv"}


@pytest.mark.parametrize("ending", ["csv", "parquet", "ndjson"])
def test_a_full_disk_is_told_as_one(folder: Path, small_disk: Path, ending: str) -> None:
    write_many(folder / "many.csv")
    done = classify("many.csv", "-o", small_disk / f"out.{ending}", "--rejects", "r.csv")
    if ending == "parquet" and done.status == 0:
        return  # packed, the answer fits
    assert done.status == 2
    assert done.err.startswith(f"softbalance: {small_disk}/out.{ending}: cannot be written in ")
    assert "No space left on device; make room, or name another file" in done.err
    assert listing(small_disk) == set()
    assert not (folder / "r.csv").exists()


@pytest.mark.parametrize("named", ["bad.ndjson", "-", "bad.csv"])
def test_a_full_disk_is_told_as_one_in_the_thorough_pass(
    folder: Path, small_disk: Path, named: str
) -> None:
    rows = "".join(f'{{"id": "e{n}", "form": "other"}}\n' for n in range(20_000))
    (folder / "bad.ndjson").write_text(rows + "{\n")
    write(folder / "bad.csv", ["id", "form"], ([f"e{n}", "othr"] for n in range(20_000)))
    stdin = (folder / "bad.ndjson").read_bytes() if named == "-" else None
    done = classify(named, "-o", small_disk / "out.csv", stdin=stdin)
    assert done.status == 2
    assert done.err.startswith(f"softbalance: {small_disk}/out.csv: cannot be written in ")
    assert listing(small_disk) == set()


def test_rejects_on_a_full_disk_are_blamed_and_no_answer_appears(
    folder: Path, small_disk: Path
) -> None:
    rows = ([f"e{n}", "x" * 500] for n in range(5000))
    write(folder / "wrong.csv", ["id", "form"], rows)
    done = classify("wrong.csv", "-o", "out.csv", "--rejects", small_disk / "r.csv")
    assert done.status == 2
    assert done.err.startswith(f"softbalance: {small_disk}/r.csv: cannot be written")
    assert not (folder / "out.csv").exists()
    assert listing(small_disk) == set()


def test_a_limit_on_the_size_of_files_is_not_blamed_on_the_input(folder: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    write_many(folder / "many.csv")
    done = subprocess.run(
        [SOFTBALANCE, "classify", "many.csv", "-o", "out.csv"],
        preexec_fn=limit, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("softbalance: out.csv: cannot be written in '.': File too large")
    assert not list(folder.glob("*out*"))


@pytest.mark.parametrize("bad", [False, True])
def test_a_link_stays_and_its_file_is_replaced(folder: Path, bad: bool) -> None:
    (folder / "elsewhere").mkdir()
    links = {"out.csv": "elsewhere/a.csv", "out.csv.rejects.csv": "elsewhere/r.csv"}
    for link, target in links.items():
        Path(link).symlink_to(target)
    (folder / "elsewhere/r.csv").write_text(OLD)
    done = classify("bad.csv" if bad else "good.csv", "-o", "out.csv")
    assert done.status == (3 if bad else 0)
    assert [row["id"] for row in read(folder / "elsewhere/a.csv")] == ["a"]
    assert Path("out.csv").is_symlink()
    if bad:
        assert [row["id"] for row in read(folder / "elsewhere/r.csv")] == ["b"]
    else:
        assert not (folder / "elsewhere/r.csv").exists()
    assert Path("out.csv.rejects.csv").is_symlink()


def test_a_link_into_another_file_system(folder: Path, small_disk: Path) -> None:
    Path("out.csv").symlink_to(small_disk / "a.csv")
    assert classify("bad.csv", "-o", "out.csv").status == 3
    assert [row["id"] for row in read(small_disk / "a.csv")] == ["a"]
    assert listing(small_disk) == {"a.csv"}
    assert Path("out.csv").is_symlink()


def test_links_to_nowhere_are_refused(folder: Path) -> None:
    Path("lost.csv").symlink_to("missing/a.csv")
    Path("round.csv").symlink_to("round.csv")
    for link in ("lost.csv", "round.csv"):
        done = classify("good.csv", "-o", link)
        assert done.status == 2
        assert done.err.startswith(f"softbalance: {link}: ")
        assert Path(link).is_symlink()


@pytest.mark.parametrize(
    ("inputs", "out", "rejects"),
    [
        ("g*.csv", "alias.csv", "r.csv"),
        ("g*.csv", "out.csv", "alias.csv"),
        ("alias.csv", "good.csv", "r.csv"),
        ("good.csv", "out.csv", "./out.csv"),
        ("good.csv", "to.csv", "target.csv"),
    ],
)
def test_no_file_is_written_over_another(folder: Path, inputs: str, out: str, rejects: str) -> None:
    Path("alias.csv").symlink_to("good.csv")
    Path("to.csv").symlink_to("target.csv")
    before = (folder / "good.csv").read_bytes()
    done = classify(inputs, "-o", out, "--rejects", rejects)
    assert done.status == 2
    assert (folder / "good.csv").read_bytes() == before
    assert not {"out.csv", "target.csv", "r.csv"} & listing(folder)


def test_candidates_write_no_file_over_another(folder: Path) -> None:
    events = [gdelt(day, str(day), "RUS", "CHN", "057") for day in range(20151010, 20151015)]
    (folder / "events.tsv").write_text(text(events, "\t"))
    for rejects in ("out.csv", "out.csv.rows.csv"):
        done = candidates("events.tsv", "-o", "out.csv", "--rejects", rejects)
        assert done.status == 2
    assert "out.csv" not in listing(folder)


@pytest.fixture
def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command in a process; a pipe that is not served would keep it for ever."""
    command = [SOFTBALANCE, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_a_pipe_as_input(folder: Path, pipe: Path) -> None:
    with subprocess.Popen(["sh", "-c", "cat bad.csv > pipe"]):
        done = run("classify", "pipe", "-o", "out.csv")
    assert (done.returncode, done.stderr.count("1 row rejected")) == (3, 1)
    assert [row["id"] for row in read(folder / "out.csv")] == ["a"]
    (reject,) = read(folder / "out.csv.rejects.csv")
    assert (reject["line"], reject["id"]) == ("3", "b")


def test_a_pipe_of_parquet_by_its_ending(folder: Path) -> None:
    assert classify("good.csv", "-o", "answer.parquet", "--detail", "verdict").status == 0
    os.mkfifo("p.csv.gz")
    with subprocess.Popen(["sh", "-c", "gzip -c good.csv > p.csv.gz"]):
        done = run("classify", "p.csv.gz", "-o", "-")
    assert [row["id"] for row in read(done.stdout)] == ["a"]


def test_events_from_a_pipe(folder: Path, pipe: Path) -> None:
    events = [gdelt(day, str(day), "RUS", "CHN", "057") for day in range(20151010, 20151015)]
    (folder / "events.tsv").write_text(text(events, "\t"))
    with subprocess.Popen(["sh", "-c", "cat events.tsv > pipe"]):
        done = run("candidates", "pipe", "-o", "out.csv", "--min-events", 2)
    assert "5 rows: 5 behind 1 candidate" in done.stderr


def test_a_pipe_as_output_stays_a_pipe(folder: Path, pipe: Path) -> None:
    with subprocess.Popen(["cat", "pipe"], stdout=subprocess.PIPE, text=True) as reader:
        done = run("classify", "bad.csv", "-o", "pipe", "--output-format", "ndjson")
        assert reader.stdout
        (row,) = read_lines(reader.stdout.read())
    assert (done.returncode, row["id"]) == (3, "a")
    assert pipe.is_fifo()
    assert [row["id"] for row in read(folder / "pipe.rejects.csv")] == ["b"]


def test_a_pipe_cannot_be_read_twice_or_written_to_meanwhile(folder: Path, pipe: Path) -> None:
    done = run("classify", "pipe", "./pipe", "-o", "-")
    assert done.returncode == 2
    assert "is named twice" in done.stderr
    with subprocess.Popen(["sh", "-c", "cat good.csv > pipe"]):
        done = run("classify", "pipe", "-o", "pipe")
    assert done.returncode == 2
    assert "is an input" in done.stderr


@pytest.mark.parametrize("out", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_an_open_descriptor_is_written_on_where_it_stands(folder: Path, out: str) -> None:
    line = f"(echo before; {SOFTBALANCE} classify bad.csv -o {out}; echo after) > all.csv"
    subprocess.run(["sh", "-c", line], check=True)
    before, _, row, after = (folder / "all.csv").read_text().splitlines()
    assert (before, row[:2], after) == ("before", "a,", "after")
    assert listing(folder) == {"good.csv", "bad.csv", "all.csv", "stdout.rejects.csv"}


def test_substituted_processes(folder: Path) -> None:
    line = f"{SOFTBALANCE} classify <(cat bad.csv) -o >(cat > got.csv) --rejects >(cat > r.csv)"
    done = subprocess.run(
        ["bash", "-c", f"{line}; code=$?; wait; sleep 1; exit $code"], check=False
    )
    assert done.returncode == 3
    assert [row["id"] for row in read(folder / "got.csv")] == ["a"]
    assert [row["id"] for row in read(folder / "r.csv")] == ["b"]


def test_devices_are_never_replaced(folder: Path) -> None:
    done = classify("bad.csv", "-o", "/dev/null", "--rejects", "/dev/null")
    assert done.status == 3
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("ending", ["dat", "txt", "tsv", "parquet"])
@pytest.mark.parametrize("packed", [False, True])
def test_the_format_of_inputs_that_have_another_ending(
    folder: Path, ending: str, packed: bool
) -> None:
    name = f"coded.{ending}{'.gz' if packed else ''}"
    command = f"{'gzip -c' if packed else 'cat'} good.csv > {name}"
    subprocess.run(["sh", "-c", command], check=True)
    done = classify(name, "good.csv", "--input-format", "csv", "-o", "-")
    assert done.status == 0, done.err
    assert [row["id"] for row in read(done.out)] == ["a", "a"]


def test_the_format_of_an_output_that_has_another_ending(folder: Path) -> None:
    assert classify("good.csv", "-o", "out.dat", "--output-format", "parquet").status == 0
    assert [row["id"] for row in read_parquet(folder / "out.dat")] == ["a"]
