"""Athena's SQL, answered by DuckDB: runs in a process of its own (`lab.cloud.athena.process`), never in the cloud's.

sqlglot and DuckDB take 80 MB and half a second to import, DuckDB has threads (a copy of the cloud's process, which is
how its state is saved, must find none), and a query that runs away must be killed without the cloud.
"""
