"""Datasets on Spark: Parquet and CSV folders in and out, through the same expression."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import ibis
import ibis.expr.types as ir
from softbalance.service.datasets.engines.ibis_tables import ROW_NUMBER, Plan, source_of
from softbalance.service.datasets.engines.java import NoJava, provide_java
from softbalance.service.datasets.engines.spark_folders import add_folders
from softbalance.service.datasets.reading.defects import ENCODING, RAGGED, UnusableDataset
from softbalance.service.datasets.reading.folders import fixed_part
from softbalance.service.datasets.reading.formats import Format, format_of
from softbalance.service.datasets.reading.layouts import read_header
from softbalance.service.datasets.reading.reading_options import refuse_file_options
from softbalance.service.datasets.reading.values import list_alike, warn_of_alike
from softbalance.service.datasets.run import ClassifyRequest, Outcome, rejects_path

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_CORRUPT, _CODE = "__corrupt", "__code"
_RAGGED = "this row has not as many fields as the header, or a quote is not closed"
_ENCODING = "this row is not UTF-8; save the file as UTF-8"
_WRITING: dict[str, str | bool] = {
    "header": True,
    "quote": '"',
    "escape": '"',
    "ignoreLeadingWhiteSpace": False,
    "ignoreTrailingWhiteSpace": False,
}
_READING: dict[str, str | bool] = {**_WRITING, "multiLine": True, "encoding": "UTF-8"}
#: What Spark reads for a byte that is not UTF-8.
_REPLACED = "\ufffd"
_FORMATS = (Format.CSV, Format.TSV, Format.PARQUET)


def classify_on_spark(request: ClassifyRequest) -> Outcome:
    """Classify folders or files of one format; OUT and the rejects become folders.

    Rows are in no order and have no line, as Spark reads them apart. Raises UnusableDataset.
    """
    if importlib.util.find_spec("pyspark") is None:
        raise UnusableDataset(
            "Spark is not installed; install it with pip install softbalance[spark]"
        )
    wanted = Format(request.input_format) if request.input_format else None
    formats = {format_of(name.rstrip("/"), "input", wanted)[0] for name in request.inputs}
    wanted = Format(request.output_format) if request.output_format else None
    output, _ = format_of(request.output.rstrip("/"), "output", wanted)
    if len(formats) > 1 or not {*formats, output} <= {*_FORMATS}:
        raise UnusableDataset(
            "Spark reads and writes .csv, .tsv and .parquet, one format at a time"
        )
    refuse_file_options(request.reading, "Spark")
    with _session(request.master) as spark:
        try:
            return _Run(request, spark, formats.pop(), output).run()
        except UnusableDataset:
            raise
        except Exception as error:  # Py4J's, PySpark's and Ibis' have no common base
            raise UnusableDataset(f"Spark says: {str(error).splitlines()[0]}") from error


@contextlib.contextmanager
def _session(master: str) -> Iterator[SparkSession]:
    from pyspark.sql import SparkSession

    try:
        provide_java()
    except NoJava as error:
        raise UnusableDataset(str(error)) from error
    spark = (
        SparkSession.builder.master(master)
        .appName("softbalance")
        .config("spark.ui.showConsoleProgress", "false")
        # the method that Spark would make of a whole stage is longer than the JVM takes; it tries,
        # says so over hundreds of lines, and goes on without
        .config("spark.sql.codegen.wholeStage", "false")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    try:
        yield spark
    finally:
        spark.stop()


class _Run:
    """One run; what it writes is in hidden folders until all of it is there."""

    def __init__(
        self, request: ClassifyRequest, spark: SparkSession, read: Format, written: Format
    ) -> None:
        self._request, self._spark = request, spark
        self._read_format, self._format = read, written
        self._files = _Files(spark)

    def run(self) -> Outcome:
        from pyspark.sql.functions import monotonically_increasing_id

        request = self._request
        rejects = str(rejects_path(request))
        for name in filter(self._files.exists, request.inputs):
            self._files.check_plain(name)
        for name in (request.output, rejects):
            self._files.check_plain(name)
            if self._files.exists(name):
                raise UnusableDataset(f"{name}: is there already; remove it or name another")
        frame, names = self._read()
        read = len(frame.columns)
        frame = add_folders(frame, self._roots(), names, request.codebook)
        names = [*names, *frame.columns[read:]]
        header = read_header(names, request.codebook, request.inputs[0])
        frame, corrupt = _split_corrupt(frame)
        # a number that needs no other row's, so that the work stays spread over the cluster
        frame = frame.withColumn(ROW_NUMBER, monotonically_increasing_id() + 1)
        connection = ibis.pyspark.connect(self._spark)
        plan = Plan(source_of(self._table(connection, frame), header), header, request)
        hidden = [f"{name}.{uuid4().hex}.part" for name in (request.output, rejects)]
        try:
            lists = self._format is Format.PARQUET
            self._write(self._frame(connection, plan.answers(lists=lists)), hidden[0], self._format)
            ids = plan.select_alike_ids()
            found = [] if ids is None else self._frame(connection, ids).collect()
            rejected = self._write_rejects(connection, plan, corrupt, hidden[1])
            rows = self._count(hidden[0], self._format)
            self._files.rename(hidden[0], request.output)
            if rejected:
                self._files.rename(hidden[1], rejects)
        finally:
            for name in hidden:
                self._files.delete(name)
        warnings = [*header.warnings, *warn_of_alike("ids", list_alike(row[0] for row in found))]
        return Outcome(rows // len(request.rulebooks), rejected, warnings=warnings)

    def _read(self) -> tuple[DataFrame, list[str]]:
        paths = [name.rstrip("/") for name in self._request.inputs]
        # without this, a folder named `form=x` replaces the files' own column
        reader = self._spark.read.option("recursiveFileLookup", True)
        if self._read_format is Format.PARQUET:
            frame = reader.parquet(*paths)
            return frame, frame.columns
        reader = reader.options(**_READING, sep=self._separator(self._read_format))
        names = reader.csv(paths).columns
        quoted = ", ".join(f"`{name.replace('`', '``')}` STRING" for name in [*names, _CORRUPT])
        reader = reader.options(mode="PERMISSIVE", columnNameOfCorruptRecord=_CORRUPT)
        return reader.schema(quoted).csv(paths), names

    def _roots(self) -> list[str]:
        """Return the folders that are named, as they stand in a URI: of a pattern, the fixed part.

        Folders below these add columns.
        """
        roots = []
        for name in self._request.inputs:
            named = name.rstrip("/")
            fixed = named if self._files.exists(named) else fixed_part(named)
            roots.append(self._files.write_as_uri(fixed or "."))
        return roots

    @staticmethod
    def _separator(format_: Format) -> str:
        return "\t" if format_ is Format.TSV else ","

    def _table(self, connection: Any, frame: DataFrame) -> ir.Table:
        name = f"softbalance_{uuid4().hex}"
        frame.createOrReplaceTempView(name)
        return connection.table(name)

    def _frame(self, connection: Any, table: ir.Table) -> DataFrame:
        return self._spark.sql(connection.compile(table))

    def _write(self, frame: DataFrame, path: str, format_: Format) -> None:
        if format_ is Format.PARQUET:
            frame.write.parquet(path)
        else:
            separator = self._separator(format_)
            frame.write.options(**_WRITING, sep=separator, emptyValue="").csv(path)

    def _count(self, path: str, format_: Format) -> int:
        if format_ is Format.PARQUET:
            return self._spark.read.parquet(path).count()
        return self._spark.read.options(**_READING, sep=self._separator(format_)).csv(path).count()

    def _write_rejects(
        self, connection: Any, plan: Plan, corrupt: DataFrame | None, path: str
    ) -> int:
        from pyspark.sql.functions import lit, when

        unsound = self._frame(connection, plan.select_unsound()).cache()
        rejected = unsound.count()
        frame = self._frame(connection, plan.mistakes(self._table(connection, unsound)))
        if corrupt is not None:
            corrupt = corrupt.cache()
            ragged = corrupt.count()
            told = corrupt.select(
                lit(None).cast("long").alias("line"),
                lit(None).cast("string").alias("id"),
                lit(None).cast("string").alias("column"),
                corrupt[_CORRUPT].alias("value"),
                corrupt[_CODE].alias("code"),
                when(corrupt[_CODE] == RAGGED, _RAGGED).otherwise(_ENCODING).alias("message"),
            )
            frame, rejected = frame.unionByName(told), rejected + ragged
        if rejected:
            self._write(frame, path, Format.CSV)
        return rejected


def _split_corrupt(frame: DataFrame) -> tuple[DataFrame, DataFrame | None]:
    """Part the whole rows from those that are none."""
    if _CORRUPT not in frame.columns:
        return frame, None
    from pyspark.sql.functions import col, concat_ws, lit, when

    frame = frame.cache()  # Spark does not tell of corrupt rows unless all columns are read
    cells = [col(f"`{name.replace('`', '``')}`") for name in frame.columns if name != _CORRUPT]
    whole = concat_ws(",", *cells)
    code = when(col(_CORRUPT).isNotNull(), RAGGED).when(whole.contains(_REPLACED), ENCODING)
    frame = frame.withColumn(_CODE, code.otherwise(lit(None)))
    corrupt = frame.filter(col(_CODE).isNotNull()).select(
        _CODE, when(col(_CORRUPT).isNull(), whole).otherwise(col(_CORRUPT)).alias(_CORRUPT)
    )
    return frame.filter(col(_CODE).isNull()).drop(_CORRUPT, _CODE), corrupt


class _Files:
    """The file system, local or of a cluster, as Spark reaches it."""

    def __init__(self, spark: SparkSession) -> None:
        self._jvm: Any = spark._jvm
        self._conf = spark._jsc.hadoopConfiguration()

    def _path(self, name: str) -> tuple[Any, Any]:
        path = self._jvm.org.apache.hadoop.fs.Path(name)
        return path.getFileSystem(self._conf), path

    def exists(self, name: str) -> bool:
        """Tell whether there is a file or folder of that name."""
        system, path = self._path(name)
        return bool(system.exists(path))

    def check_plain(self, name: str) -> None:
        """Raise UnusableDataset if Spark would take a name, or its folder's, for a pattern."""
        system, path = self._path(name)
        if marks := set("*?[]{}\\") & set(str(system.makeQualified(path))):
            raise UnusableDataset(
                f"{name}: Spark takes {' '.join(sorted(marks))} in a file's or folder's name for "
                "a pattern; rename it"
            )

    def write_as_uri(self, name: str) -> str:
        """Return the whole path of a file or folder as it stands in a URI."""
        system, path = self._path(name)
        return str(system.makeQualified(path).toUri().getRawPath()).rstrip("/")

    def rename(self, old: str, new: str) -> None:
        """Give a folder its name."""
        system, path = self._path(old)
        if not system.rename(path, self._path(new)[1]):
            raise UnusableDataset(f"{new}: cannot be written")

    def delete(self, name: str) -> None:
        """Remove a folder if it is there."""
        system, path = self._path(name)
        system.delete(path, True)
