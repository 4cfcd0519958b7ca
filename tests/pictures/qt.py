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
        look(int(height))

    def look(height: int) -> None:
        # The page hears of its size some time after the window, and draws itself some frames later.
        def heard(inner: Any) -> None:
            if int(inner) == height:
                QTimer.singleShot(1_500, grab)
            else:
                QTimer.singleShot(100, lambda: look(height))

        view.page().runJavaScript("window.innerHeight", heard)

    def loaded(_: bool) -> None:
        view.page().runJavaScript("document.documentElement.scrollHeight", fit)

    view.loadFinished.connect(loaded)
    view.load(QUrl(url))
    view.show()
    app.exec()


if __name__ == "__main__":
    main()
