"""Faults made on purpose, in what the package reads, fetches and writes.

Each module has the kinds of one sort: `annotations`, `pictures`, `descriptions` and
`weights` damage files that are read, `downloads` has servers that answer badly, `kills`
ends processes while they work, `disks` gives them too little room. `kinds` says what a
kind is, `running` attempts one in processes of its own, `suite` lists them all. The
tests take the same kinds at a smaller size, without processes.
"""
