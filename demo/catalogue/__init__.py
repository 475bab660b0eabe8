"""The demo catalogue: products with drawn pictures, Chinese and English, the same for a seed."""
