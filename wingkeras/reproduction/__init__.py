"""The paper's tables, trained and measured again on data that is at hand.

`bodies` are the data, `cells` what is trained, `tables` which cells a table has,
`published` the paper's figures, `report` the pages made from the results.
"""
