"""How well points are learnt from few faces; not in the wheel."""
