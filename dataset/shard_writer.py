"""Writing of shards, so that nothing that was finished is lost to a kill."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import deflate
import h5py
import numpy as np
import numpy.typing as npt

from dataset import files
from dataset.codec import FILTERS
from dataset.hdf5_output import Output
from dataset.journal import SUFFIX, Journal, read_journal
from dataset.shard import FORMAT, GROUP, LIBVER, specs_to_json
from dataset.stack import EncodedStack, check_names, check_row
from modalities.spec import Spec

_STEP = 64  # rows by which the datasets of an open shard grow


class ShardWriter:
    """Writes one shard.

    Pixels go to the disk as they come; rows and image-level values, a few kB a
    tile, are held until :meth:`close`. A journal beside it holds every tile whole,
    should :meth:`close` never come. Not for several threads at once. After any error,
    :meth:`abort`.
    """

    def __init__(
        self,
        directory: Path,
        specs: Sequence[Spec],
        size: int,
        attributes: Mapping[str, Any],
        *,
        stem: str | None = None,
    ) -> None:
        """Prepares a shard; the file is made when the first tile comes.

        Args:
            directory: Where it goes; made if need be.
            specs: The modalities of every stack.
            size: Pixels a side.
            attributes: JSON-ready values to keep with it.
            stem: Its name without suffix, if it is made out of a journal, which is
                not written then; else one that nobody has.
        """
        self._final = directory / f"{stem or f'shard-{secrets.token_hex(8)}'}.h5"
        self._tmp = files.temporary_name(self._final)
        self._journals = stem is None
        self._journal: Journal | None = None
        self._specs = tuple(specs)
        self._size = size
        self._attributes = dict(attributes)
        self._output: Output | None = None
        self._data: dict[str, Any] = {}
        self._rows: list[bytes] = []
        self._values: dict[str, list[npt.NDArray[Any]]] = {
            spec.name: [] for spec in specs if not spec.pixels
        }
        self._crcs: list[list[int]] = []
        self._pixels = [spec for spec in specs if spec.pixels]

    @property
    def count(self) -> int:
        """Rows so far, failures included."""
        return len(self._rows)

    def add(self, stack: EncodedStack) -> None:
        """Writes a tile that was made.

        Raises:
            ValueError: The stack has other modalities than the shard.
            OSError: The disk is full, or the like.
        """
        check_row(stack.row, "made")
        check_names(stack.chunks, [spec.name for spec in self._pixels], "stack")
        check_names(stack.values, list(self._values), "stack")
        self._open()
        slot = len(self._crcs)
        for spec in self._pixels:
            data = self._data[spec.name]
            if slot % _STEP == 0:
                data.resize(slot + _STEP, axis=0)
            data.id.write_direct_chunk((slot, 0, 0, 0), stack.chunks[spec.name])
        for name, held in self._values.items():
            held.append(stack.values[name])
        self._crcs.append([deflate.crc32(stack.chunks[s.name]) for s in self._pixels])
        self._rows.append(_to_line({**stack.row, "slot": slot}))
        self._check()
        self._note(stack)

    def add_failure(self, row: dict[str, Any]) -> None:
        """Notes a tile that was not made.

        Raises:
            ValueError: The row lacks something.
        """
        check_row(row, "failed")
        self._open()
        self._rows.append(_to_line(row))
        self._check()
        self._note(EncodedStack(row, {}, {}))

    def _check(self) -> None:
        assert self._output is not None
        self._output.check()

    def _note(self, stack: EncodedStack) -> None:
        if self._journals:
            if self._journal is None:
                self._journal = Journal(self._final.with_suffix(SUFFIX))
            self._journal.add(stack)

    def close(self) -> Path | None:
        """Completes the shard and gives it its name.

        Returns:
            The shard, or None, and no file, if nothing was added.

        Raises:
            OSError: The disk is full, or the like; :meth:`abort` then.
        """
        if self._output is None:
            return None
        file, made = self._output.file, len(self._crcs)
        for spec in self._pixels:
            self._data[spec.name].resize(made, axis=0)
        for spec in self._specs:
            if not spec.pixels:
                rows = np.empty((made, len(spec.bands)), spec.storage.dtype)
                for slot, values in enumerate(self._values[spec.name]):
                    rows[slot] = values
                _guarded(file, spec.name, rows)
        crcs = np.array(self._crcs, np.uint32).reshape(made, len(self._pixels))
        _guarded(file, f"{GROUP}/crc32", crcs)
        text = np.frombuffer(b"".join(self._rows), np.uint8)
        _guarded(file, f"{GROUP}/rows", text)
        self._output.close()
        self._output = None
        files.publish(self._tmp, self._final)
        if self._journal is not None:
            self._journal.remove()
        return self._final

    def abort(self) -> None:
        """Gives the file up, and leaves the journal: :func:`recover` makes it again.

        Harmless after :meth:`close`.
        """
        output, self._output = self._output, None
        if output is not None:
            output.abort()
        files.remove(self._tmp)

    def _open(self) -> h5py.File:
        if self._output is not None:
            return self._output.file
        # Without its parents: an output that vanished is not made anew.
        self._tmp.parent.mkdir(exist_ok=True)
        self._output = Output(self._tmp, LIBVER)
        file = self._output.file
        group = file.create_group(GROUP)
        group.attrs["format"] = FORMAT
        group.attrs["size"] = self._size
        _guarded(file, f"{GROUP}/specs", _octets(specs_to_json(self._specs)))
        _guarded(file, f"{GROUP}/attributes", _octets(self._attributes))
        for spec in self._pixels:
            shape = spec.row_shape(self._size)
            self._data[spec.name] = file.create_dataset(
                spec.name,
                shape=(0, *shape),
                maxshape=(None, *shape),
                chunks=(1, *shape),
                dtype=spec.storage.dtype,
                track_times=False,
                **FILTERS,
            )
        return file


def recover(
    directory: Path,
    specs: Sequence[Spec],
    size: int,
    attributes: Mapping[str, Any],
) -> list[Path]:
    """Makes shards out of the journals that killed writers left.

    Args:
        directory: Where they lie.
        specs: See :class:`ShardWriter`.
        size: See there.
        attributes: See there.

    Returns:
        The shards made.

    Raises:
        OSError: The disk is full, or the like; what was not made yet stays.
    """
    made = []
    for journal in files.list_files(directory, f"shard-*{SUFFIX}"):
        if not journal.with_suffix(".h5").exists():
            writer = ShardWriter(directory, specs, size, attributes, stem=journal.stem)
            try:
                for stack in read_journal(journal):
                    if stack.row["status"] == "made":
                        writer.add(stack)
                    else:
                        writer.add_failure(stack.row)
                if (path := writer.close()) is not None:
                    made.append(path)
            except BaseException:
                writer.abort()
                raise
        files.remove(journal)
    return made


def _guarded(file: h5py.File, name: str, array: npt.NDArray[Any]) -> None:
    """Writes a whole dataset as one chunk, compressed, under HDF5's checksum."""
    if array.size:
        options: dict[str, Any] = {
            "chunks": array.shape,
            "fletcher32": True,
            **FILTERS,
        }
    else:
        options = {}
    file.create_dataset(name, data=array, track_times=False, **options)


def _octets(value: Any) -> npt.NDArray[np.uint8]:
    return np.frombuffer(files.to_json(value).encode(), np.uint8)


def _to_line(row: dict[str, Any]) -> bytes:
    return files.to_json(row).encode() + b"\n"
