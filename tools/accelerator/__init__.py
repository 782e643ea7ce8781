"""Jobs for a machine with a GPU, without TensorFlow and network.

`packing` makes one file of many faces, and gives them back as data sets; `wheels`
brings the packages that the machine lacks. `jobs` are what is run there, `running` runs
them within a time; `archive` makes few files of the results, `merging` takes the tables
and speeds over.
"""
