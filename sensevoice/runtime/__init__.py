"""The process and its system: environment, supervisor, CPUs, file names, atomic writes."""
