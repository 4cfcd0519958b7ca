"""The application: settings, answers, the terminal."""
