"""How good and how new images are, from arrays alone: nothing here knows where features come from."""
