"""Autoencoders' own networks: `encoder`, image to numbers, and `decoder`, its convolutional mirror.

The decoder beside it in every comparison is HiT itself (minihit/models/hit). The numbers are a vector (B, n) or, where
a configuration says spatial, a grid (B, G, G, n).
"""
