"""What classifies a dataset: DuckDB, Spark, or a database at a URL."""
