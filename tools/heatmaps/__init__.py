"""How `heatmap_300w` was trained: faces, their perturbation, the fit."""
