"""The solver of linear programs, on one thread, that prints nothing: what a command prints is its answer."""

from typing import Any


def new_solver() -> Any:
    """A HiGHS solver without a problem (Huangfu and Hall 2018, doi 10.1007/s12532-017-0130-5)."""
    import highspy  # takes a tenth of a second

    class Quiet(highspy.Highs):
        def enableCallbacks(self) -> None:  # noqa: N802
            """Is called before any option can be set, and would print a banner."""
            self.silent()
            super().enableCallbacks()

    solver = Quiet()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    return solver
