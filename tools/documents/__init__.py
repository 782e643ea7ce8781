"""Tables of README, docs and model cards, made from recorded results."""
