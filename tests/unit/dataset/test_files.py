"""A file under its final name is whole; otherwise there is none."""

import os

import pytest

from dataset import files


def test_success_publishes_and_leaves_nothing_else(tmp_path):
    final = tmp_path / "new" / "a.txt"
    with files.temporary(final) as tmp:
        tmp.write_text("x")
        assert tmp.parent == final.parent and tmp.name.startswith("a.txt.tmp-")
        assert not final.exists()
        assert files.list_files(final.parent) == []
        assert files.list_temporaries(final.parent) == [tmp]
    assert final.read_text() == "x"
    assert list(final.parent.iterdir()) == [final]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    final = tmp_path / "a.txt"
    final.write_text("old")
    with pytest.raises(RuntimeError), files.temporary(final) as tmp:
        tmp.write_text("half")
        raise RuntimeError
    assert final.read_text() == "old"
    assert list(tmp_path.iterdir()) == [final]


def test_a_file_is_on_disk_before_it_has_its_name(tmp_path, monkeypatch):
    final, events = tmp_path / "a", []
    sync = os.fsync

    def spy(descriptor):
        events.append((os.path.isdir(f"/dev/fd/{descriptor}"), final.exists()))  # noqa: PTH112 - of a descriptor
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", spy)
    files.write_text(final, "x")
    # First the file without its name, then the directory with it.
    assert events == [(False, False), (True, True)]


def test_text_may_come_in_pieces(tmp_path):
    files.write_text(tmp_path / "a", (f"{i}\n" for i in range(3)))
    assert (tmp_path / "a").read_bytes() == b"0\n1\n2\n"


def test_json_is_strict_and_keeps_order(tmp_path):
    path = tmp_path / "a.json"
    files.write_json(path, {"b": 1, "a": ["é", None, 0.1]}, indent=None)
    assert path.read_bytes() == '{"b":1,"a":["é",null,0.1]}\n'.encode()
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError):
            files.write_json(path, [value])
    assert path.read_bytes().startswith(b'{"b"')
    assert files.list_temporaries(tmp_path) == []


def test_lists_whole_files_by_name(tmp_path):
    for name in ("b.h5", "a.h5", "c.txt", "d.h5.tmp-00"):
        (tmp_path / name).touch()
    (tmp_path / "e.h5").mkdir()
    assert [p.name for p in files.list_files(tmp_path, "*.h5*")] == ["a.h5", "b.h5"]
    assert files.list_files(tmp_path / "none") == []
    files.remove(tmp_path / "a.h5")
    files.remove(tmp_path / "a.h5")
    assert [p.name for p in files.list_files(tmp_path, "*.h5")] == ["b.h5"]
