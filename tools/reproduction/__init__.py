"""The paper's tables, trained and measured again on data that is at hand.

`datasets` are the data, `experiments` what is trained, with `variations` of it, and
`tables` says which experiments a table has. `trainer` trains them (`trained` one of
them, `durations` how long), and `running` goes through a table. `records` writes down
what they reached, `profiles` what they reach on profiles, and `results` reads that
back. `report` makes a page of them all, with the paper's figures (`published`) and its
claims (`claims`); `long_trainings` and `single_changes` are its sections on further
tables, `markdown` has parts of its text. `figures` draws those pictures of the paper's
that need no training.
"""
