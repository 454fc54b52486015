"""Pictures of activations: what there is to draw, and modules that draw it.

``picture`` works out curves, tangents and little triangles as plain numbers and texts; ``figure``
draws them with matplotlib into a file, ``terminal`` with uniplot as text. Both libraries are the
optional extra ``plot``, and each is imported only where it is used.
"""
