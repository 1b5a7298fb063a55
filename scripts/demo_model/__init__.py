"""The parts of ``build_demo_model.py``: synthetic speech and sounds, training, evaluation, samples."""
