"""The examples of ``docs/catalog.md`` are run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import rasterio

import emulator
from emulator.local import LocalFiles
from tests.unit.emulator.local.conftest import UTM

PAGE = Path(__file__).resolve().parents[4] / "docs" / "catalog.md"


def blocks(language):
    text = PAGE.read_text("utf-8")
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", text, re.M | re.S)
    return [re.sub(rf"^{space}", "", block, flags=re.M) for space, block in found]


def test_the_example_makes_files_that_answer_as_it_says(
    _client, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    make, ask = blocks("python")
    exec(make, {})
    found = LocalFiles.of(tmp_path / "my_files")
    _client.engine = emulator.Engine(found)
    exec(ask, {})
    told = capsys.readouterr().out.splitlines()
    promised = re.findall(r"\)  # (.*)", ask)
    assert len(told) == len(promised) == 3
    for line, words in zip(told, promised, strict=True):
        assert line.startswith(words.removesuffix("...}"))


@pytest.mark.parametrize("suffix", [".SAFE", ""])
def test_the_products_of_esa_are_found_by_the_patterns(suffix, files, serve):
    (patterns,) = blocks("json")
    told = json.loads(patterns)
    files.json("COPERNICUS/S2_SR_HARMONIZED/collection.json", **told)
    scene = "COPERNICUS/S2_SR_HARMONIZED/20190615T103031_20190615T103032_T32UNB"
    product = f"{scene}/S2A_MSIL2A_20190615T103031{suffix}/GRANULE/L2A_T32UNB/IMG_DATA"
    names = {
        "R10m": ("B02_10m", "B03_10m", "B04_10m", "B08_10m", "TCI_10m"),
        "R20m": (
            *("B05_20m", "B06_20m", "B07_20m", "B8A_20m", "B11_20m", "B12_20m"),
            *("B02_20m", "SCL_20m"),
        ),
        "R60m": ("B01_60m", "B09_60m", "B02_60m"),
    }
    for folder, bands in names.items():
        for number, band in enumerate(bands):
            path = files.path(f"{product}/{folder}/T32UNB_20190615T103031_{band}.jp2")
            values = np.full((64, 64), 10 + number, "uint16")
            values[:9] = 0
            with rasterio.open(
                path, "w", driver="JP2OpenJPEG", width=64, height=64, count=1,
                dtype="uint16", crs=UTM["crs"],
                transform=rasterio.Affine(*UTM["transform"]),
                QUALITY=100, REVERSIBLE="YES",
            ) as file:  # fmt: skip
                file.write(values, 1)
    found = serve().image(scene)
    assert [band.name for band in found.bands] == list(told["images"]["bands"])
    values, valid = found.read("B8", 0, 0, 64, 64)
    assert not valid[:9].any()
    assert valid[9:].all()
    assert (values[9:] == 13).all()
