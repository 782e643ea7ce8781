"""The paper's tables, trained and measured again on data that is at hand.

`datasets` are the data, `experiments` what is trained, `tables` which experiments a
table has.
`records` writes down what they reached, `results` reads that back; `running` goes
through a table. `report` makes a page of them all, with the paper's figures
(`published`) and its claims (`claims`). `figures` draws those pictures of the paper's
that need no training.
"""
