"""Settings and the plain data classes that they fill."""
