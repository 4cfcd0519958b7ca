"""Moving everything that is kept to another place: another folder, or another kind of database."""

from retrieval.moving.copying import TableDigest
from retrieval.moving.move import MoveResult, move_to_folder

__all__ = ["MoveResult", "TableDigest", "move_to_folder"]
