"""Moving everything that is kept to another place: another folder, or another kind of database."""

from retrieval.moving.copying import TableDigest
from retrieval.moving.move import MoveResult, move_library

__all__ = ["MoveResult", "TableDigest", "move_library"]
