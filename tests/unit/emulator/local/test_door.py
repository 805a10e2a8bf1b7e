"""``python -m emulator --catalog``."""

from __future__ import annotations

import numpy as np
import pytest

from emulator import command, stack
from emulator.local import Layered, LocalFiles
from tests.unit.emulator.local.conftest import UTM


def test_the_folder_is_served_over_the_planet_or_alone(files):
    files.tif("a/b.tif", np.ones((2, 2), "uint8"), **UTM)
    over = stack.catalogue(stack.Setup(catalog=files.root))
    alone = stack.catalogue(stack.Setup(catalog=files.root, catalog_only=True))
    assert isinstance(over, Layered)
    assert isinstance(alone, LocalFiles)
    assert over.table("RESOLVE/ECOREGIONS/2017") is not None
    assert alone.table("RESOLVE/ECOREGIONS/2017") is None
    assert over.image("a/b") is not None
    assert alone.image("a/b") is not None


@pytest.mark.parametrize("workers", ["0", "1"])
def test_what_is_wrong_with_the_folder_ends_the_program(workers, files, capsys):
    files.json("a/image.json", propertys={})
    arguments = ["--port", "0", "--workers", workers, "--catalog", str(files.root)]
    with pytest.raises(SystemExit) as caught:
        command.main(arguments)
    assert caught.value.code == 2
    told = capsys.readouterr().err
    assert "a/image.json: propertys: unknown key" in told
    assert "Traceback" not in told


def test_nothing_but_the_folder_needs_the_folder(capsys):
    with pytest.raises(SystemExit) as caught:
        command.main(["--port", "0", "--catalog-only"])
    assert caught.value.code == 2
    assert "--catalog-only needs --catalog DIR" in capsys.readouterr().err
