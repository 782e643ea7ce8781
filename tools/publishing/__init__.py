"""From finished runs to an entry of the zoo, whole or not at all.

`candidates` checks that the runs belong together, `protocols` names the faces that a
model is measured on, `measuring` measures it, `zoo_folder` is the folder that it goes
into, `steps` goes through all of it.
"""
