"""What scripts/benchmark.py is made of: the material, the contestants, their processes, the report."""
