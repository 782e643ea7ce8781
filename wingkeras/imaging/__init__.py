"""Pictures: reading them, and the way from a face in one to the crop a network sees."""
