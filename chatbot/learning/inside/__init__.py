"""Look inside a model: what its tokens are, what it held likely, where it looked.

`service` is the door: bounds, one look at a time, the model loaded and released. `glass` computes
with torch, `views` is what comes out. Nothing here trains, and nothing here answers people.
"""
