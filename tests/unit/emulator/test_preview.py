"""The preview: a sheet of what the engine answers."""

import numpy as np
import pytest
from PIL import Image

from emulator import preview
from emulator.preview import drawing, palettes


def test_classes_have_their_colours_and_others_are_black():
    codes = np.array([[10, 80], [0, 50]])
    picture = palettes.paint(codes, palettes.WORLDCOVER)
    assert picture[0, 0].tolist() == [0, 100, 0]
    assert picture[0, 1].tolist() == [0, 100, 200]
    assert picture[1, 0].tolist() == [0, 0, 0]


def test_a_ramp_runs_from_its_first_colour_to_its_last():
    picture = palettes.ramp(np.array([[-5.0, 0.0, 5.0, 10.0, 99.0]]), 0.0, 10.0)
    assert picture[0, :, 0].tolist() == [0, 0, 128, 255, 255]


def test_a_sheet_has_a_row_for_each_heading_and_room_for_the_widest():
    panel = drawing.Panel("a", np.zeros((8, 8, 3), np.uint8), 1280.0)
    empty = drawing.Panel("b", None)
    one = drawing.sheet(("place", "line"), [("first", [panel, empty])])
    two = drawing.sheet(("place", "line"), [("first", [panel]), ("second", [panel])])
    assert two.height > one.height + drawing.SIDE
    assert one.width > two.width


@pytest.mark.parametrize("place", [("9.0", "56.2"), ("180.0", "67.6")])
def test_the_command_writes_a_png_of_the_place(tmp_path, capsys, place):
    path = tmp_path / "sheet.png"
    lon, lat = place
    assert preview.main([f"--lon={lon}", f"--lat={lat}", f"--out={path}"]) == 0
    assert str(path) in capsys.readouterr().out
    with Image.open(path) as picture:
        assert picture.format == "PNG" and picture.width > 1500
        # Pictures, not blank paper.
        assert len(set(picture.convert("RGB").resize((200, 200)).getdata())) > 2000


def test_a_file_that_cannot_be_written_is_an_error(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("emulator.preview.command.rows", lambda *_: [("x", [])] * 1)
    monkeypatch.setattr(
        "emulator.preview.command.sheet", lambda *_: Image.new("RGB", (1, 1))
    )
    path = tmp_path / "none" / "sheet.png"
    assert preview.main(["--lon=9", "--lat=56", f"--out={path}"]) == 1
    assert "cannot be written" in capsys.readouterr().err
