"""The application: settings, answers, the terminal."""

import retrieval  # noqa: F401 - first of all: it says what numpy is to be loaded with
