"""One picture by Qt's browser: ``python -m tests.pictures.qt URL WIDTH FILE``."""

from __future__ import annotations

import sys
from typing import Any


def main() -> None:
    from PySide6.QtCore import QTimer, QUrl  # type: ignore[import-not-found]
    from PySide6.QtWebEngineWidgets import QWebEngineView  # type: ignore[import-not-found]
    from PySide6.QtWidgets import QApplication  # type: ignore[import-not-found]

    url, width, target = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    app = QApplication([])
    view = QWebEngineView()
    view.resize(width, 100)

    def grab() -> None:
        if not view.grab().save(target):
            sys.stderr.write(f"can't write {target}\n")
        app.quit()

    def fit(height: Any) -> None:
        view.resize(width, int(height))
        # The page draws itself anew a few frames after it was made larger.
        QTimer.singleShot(400, grab)

    def loaded(_: bool) -> None:
        view.page().runJavaScript("document.documentElement.scrollHeight", fit)

    view.loadFinished.connect(loaded)
    view.load(QUrl(url))
    view.show()
    app.exec()


if __name__ == "__main__":
    main()
