import os
import stat
import threading

import pytest

from taut.errors import DataError
from taut.files import write_text


def permissions(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_files_written_beside_one_another_have_the_permissions_that_every_new_file_has(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "umask", lambda _: pytest.fail("The umask belongs to all threads of the process."))
    (tmp_path / "plain").touch()
    paths = [tmp_path / f"{number}.txt" for number in range(8)]
    writers = [threading.Thread(target=write_text, args=(path, path.name)) for path in paths]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [path.read_text() for path in paths] == [path.name for path in paths]
    assert {permissions(path) for path in paths} == {permissions(tmp_path / "plain")}


def test_threads_that_write_one_file_leave_the_whole_text_of_one_and_nothing_else(tmp_path):
    texts = [str(number) * 100_000 for number in range(4)]
    writers = [threading.Thread(target=write_text, args=(tmp_path / "same.txt", text)) for text in texts]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert (tmp_path / "same.txt").read_text() in texts
    assert [path.name for path in tmp_path.iterdir()] == ["same.txt"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="Wanted to write"):
        write_text(tmp_path / "file" / "x.txt", "text")
