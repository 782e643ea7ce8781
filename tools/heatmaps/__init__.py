"""Training of light heat-map networks: faces, their perturbation, the fit."""
