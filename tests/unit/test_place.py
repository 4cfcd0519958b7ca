"""A folder is told from its copies, wherever it is moved and whatever becomes of its disk."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from retrieval.catalogue.place import current_place, is_same_place


def test_a_copy_is_another_folder(tmp_path: Path) -> None:
    original = tmp_path / "a"
    original.mkdir()
    known = current_place(original)
    assert is_same_place(known, current_place(original))
    shutil.copytree(original, tmp_path / "b")
    assert not is_same_place(known, current_place(tmp_path / "b"))
    hard = tmp_path / "c"
    shutil.copytree(original, hard, copy_function=os.link)
    assert not is_same_place(known, current_place(hard))
    assert is_same_place(known, current_place(original))


def test_a_copy_at_the_place_of_its_original_is_another_folder(tmp_path: Path) -> None:
    folder, aside = tmp_path / "a", tmp_path / "aside"
    folder.mkdir()
    known = current_place(folder)
    folder.rename(aside)
    shutil.copytree(aside, folder)
    assert is_same_place(known, current_place(aside))
    assert not is_same_place(known, current_place(folder))


def test_a_folder_may_move_change_its_owner_or_come_back_on_another_device(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    place = json.loads(current_place(tmp_path / "a"))
    known = json.dumps(place)
    for change in ({"path": "/elsewhere"}, {"changed": 1}, {"device": 1}):
        assert is_same_place(known, json.dumps(place | change))
    assert not is_same_place(known, json.dumps(place | {"device": 1, "path": "/elsewhere"}))
    assert not is_same_place(known, json.dumps(place | {"inode": 1}))
    assert not is_same_place("", known)
