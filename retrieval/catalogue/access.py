"""What a process that opens a library may do with it."""

from __future__ import annotations

from enum import Enum


class Access(Enum):
    """How a library is opened, and what the process holds for it.

    ``WRITER`` does everything. It holds the writer lock of the data folder and, on PostgreSQL, of the
    database: one process at a time.

    ``WORKER`` reads, and writes only what stands on a lease (``fences.fenced``), such as articles that
    it accepts for a job. Any number of processes on one PostgreSQL database, with or without a writer.
    It holds no lock, writes no index, places no story and finishes nothing after a crash; its data
    folder is a scratch folder, which may be that of a writer.

    ``GATEWAY`` answers questions beside a writer, and writes what people tell it to, but no index and no
    story: copies of the keyword indexes in its data folder follow the writer's, and vectors are on a
    Chroma server. It takes the writer's place when there is none (``retrieval.succession.take_over``).

    ``READER`` reads. It holds no lock, but finishes what a crash left if nobody is writing.
    """

    WRITER = "writer"
    WORKER = "worker"
    GATEWAY = "gateway"
    READER = "reader"
