"""Dual encoders: models that were trained with both towers in one space (CLIP and its kind)."""
