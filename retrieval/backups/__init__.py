"""Backups of a data folder: one file each, made while the bot runs and restored whole."""

from retrieval.backups.archive import BackupInfo
from retrieval.backups.restore import restore_backup, verify_backup
from retrieval.backups.write import write_backup

__all__ = ["BackupInfo", "restore_backup", "verify_backup", "write_backup"]
