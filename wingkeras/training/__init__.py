"""A recipe and faces in, the best weights and a log out."""
