"""The paper's tables, trained and measured again on data that is at hand.

`bodies` are the data, `cells` what is trained, `tables` which cells a table has and
what of them is written down.
"""
