"""Pictures of activations: what there is to draw, and modules that draw it.

``scene`` says what a picture is made of, ``curves``, ``marks`` and ``errors`` work it out as plain
numbers and texts; ``image`` draws it with matplotlib into a file, ``terminal`` with uniplot as text,
``page`` with Bokeh on a page in which the point can be moved, with its numbers from ``page_numbers`` and
its ``words``. The libraries are the optional extras ``plot`` and ``page``, and each is imported only where
it is used.
"""
