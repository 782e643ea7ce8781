"""Facial landmark localisation with the Wing loss: a Keras model zoo."""
