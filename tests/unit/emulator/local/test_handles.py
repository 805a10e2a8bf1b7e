"""Open files: few, one thread each, none that a forked child shares."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psutil
import pytest

from emulator.local.handles import Handles
from emulator.local.rasters import Rasters
from tests.unit.emulator.local.conftest import UTM


@pytest.fixture
def many(files):
    """Twelve files, each of its own value."""
    return [
        str(files.tif(f"{n}.tif", np.full((32, 32), n, "uint8"), **UTM))
        for n in range(12)
    ]


def open_rasters(many):
    return sum(one.path in many for one in psutil.Process().open_files())


def read(rasters, path):
    file = rasters.look(path)
    return rasters.read(file, file.bands[0], (0, -1), 3, 4, 20, 20)[0]


def test_at_most_so_many_stay_open_the_latest_used(many):
    handles = Handles(limit=5)
    rasters = Rasters(handles)
    for path in many * 3:
        read(rasters, path)
    assert handles.idle == 5
    assert open_rasters(many) == 5
    with handles.dataset(many[-1]) as dataset:
        assert dataset.name == many[-1]
        assert handles.idle == 4
    handles.close()
    assert open_rasters(many) == handles.idle == 0


def test_a_file_that_failed_is_not_lent_again(many):
    handles = Handles()
    with pytest.raises(RuntimeError), handles.dataset(many[0]):
        raise RuntimeError
    assert handles.idle == 0
    assert open_rasters(many) == 0


def test_threads_read_side_by_side(many):
    rasters = Rasters(Handles(limit=4))

    def work(turn):
        number = turn * 7 % len(many)
        return (read(rasters, many[number]) == number).all()

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(work, range(400)))
    assert rasters.handles.idle <= 4
    assert open_rasters(many) <= 4
    rasters.handles.close()


def test_a_forked_child_opens_its_own(many):
    rasters = Rasters(Handles())
    for path in many:
        read(rasters, path)
    # Held as another thread may at the fork: the child must not wait for it.
    with rasters.handles._lock:
        child = os.fork()
        if child == 0:
            good = rasters.handles.idle == 0 and all(
                (read(rasters, path) == number).all()
                for number, path in enumerate(many)
            )
            os._exit(0 if good else 1)
    _, status = os.waitpid(child, 0)
    assert status == 0
    assert all((read(rasters, path) == n).all() for n, path in enumerate(many))
    rasters.handles.close()
