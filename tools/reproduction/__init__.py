"""The paper's tables, trained and measured again on data that is at hand.

`bodies` are the data, `cells` what is trained, `tables` which cells a table has.
`records` writes down what they reached, `results` reads that back; `running` goes
through a table. `report` makes a page of them all, with the paper's figures
(`published`) and its claims (`claims`). `figures` draws those pictures of the paper's
that need no training.
"""
