"""``--plot``: what is said where nothing can be drawn."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def drawn_by_matplotlib() -> Iterator[None]:
    """Around the import of a module that draws.

    Raises:
        WrongInput: matplotlib is not installed; says how to get it.
    """
    from gateway.model.errors import WrongInput

    try:
        yield
    except ModuleNotFoundError as missing:
        if (missing.name or "").split(".")[0] != "matplotlib":
            raise
        message = "--plot needs matplotlib, which is not installed: pip install 'gridtender[plot]'"
        raise WrongInput(message) from missing
