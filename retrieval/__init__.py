"""Articles in, passages out: reading, extraction, the catalogue, the indexes and search.

Nothing here knows of Discord, of prompts or of the application around it.
"""

import os

# To be set before numpy is loaded. The matrices here are small: a second thread of OpenBLAS mostly
# spins until the next one comes, which took a quarter of the processor time of an answer.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
