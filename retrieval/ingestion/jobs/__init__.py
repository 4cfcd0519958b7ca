"""Jobs: bringing many sources in, with progress, and across restarts."""
