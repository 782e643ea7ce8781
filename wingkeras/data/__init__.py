"""Reading annotated faces and feeding them to training."""
