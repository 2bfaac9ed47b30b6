"""Data sets of encoded images inside larger files: tar shards, Arrow and Parquet."""
