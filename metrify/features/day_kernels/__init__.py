"""Compiled kernels of what is read of a judged day; Numba is imported with them, at their first use."""
