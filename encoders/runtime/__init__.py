"""How a vision model is run: the candidates, the probe that chooses, the choice kept."""
