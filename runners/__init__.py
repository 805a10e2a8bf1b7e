"""How a job runs: on this machine, on Flink in a SLURM allocation, on Dataflow."""
