"""The ONNX graphs of a recogniser for a CPU: the choice, the check and where they are kept."""
