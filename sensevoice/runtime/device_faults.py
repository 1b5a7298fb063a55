"""What a device's errors mean: too little memory, or a context that answers nothing any more.

Recognised by their text: the same shortage comes as torch.OutOfMemoryError, as a RuntimeError of CUDA, or as
that of a library (cuBLAS, cuDNN) which could not fetch its workspace or be set up.
"""

from __future__ import annotations

SHORTAGE = (
    "out of memory",  # torch.OutOfMemoryError and "CUDA error: out of memory"
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_NOT_INITIALIZED",  # cublasCreate allocates; without memory it says so
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_NOT_INITIALIZED",
    "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
    "unable to find an engine to execute this computation",  # cuDNN: none fits into what is free
)


def is_memory_shortage(error: BaseException) -> bool:
    """Return whether an error says that a GPU had too little memory for a step."""
    text = f"{type(error).__name__}: {error}"
    return "OutOfMemoryError" in text or any(name in text for name in SHORTAGE)


def is_poisoned(error: BaseException) -> bool:
    """Return whether a GPU has faulted: after that every call fails until the process ends."""
    return "CUDA error" in str(error) and not is_memory_shortage(error)
