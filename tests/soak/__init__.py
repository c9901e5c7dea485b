"""A soak test, `make soak`: minutes of load on a served cloud, with faults, resharding and kill -9.

At the end every record that a stream accepted is stored once by each of its consumers, or named in the messages of
the consumer's on-failure queue; else the test ends with 1 and names the records. `make test` does not run it.
"""
