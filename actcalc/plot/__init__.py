"""Pictures of activations: their contents, and modules that draw them.

``scene`` defines the parts of a picture, and ``curves``, ``marks`` and ``errors`` compute them as plain
numbers and texts; ``image`` draws them with matplotlib into a file, ``terminal`` with uniplot as text, and
``page`` with Bokeh on a page with a movable point, numbers from ``page_numbers`` and ``words``. The libraries
are the optional extras ``plot`` and ``page``, each imported only where it is used.
"""
