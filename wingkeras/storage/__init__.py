"""Files on disk: written whole or not at all, and fetched ones checked."""
