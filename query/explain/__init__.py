"""Why a hit is where it is, in Chinese and in English."""
