"""A vector on its way from the embedding service to Postgres."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Vector: TypeAlias = npt.NDArray[np.float16]
"""Numbers of half precision, as they are stored."""
