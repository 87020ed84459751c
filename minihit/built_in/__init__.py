"""The folder of the run that README shows, as far as pictures need it: its configuration, and the moving average of its
generator in float16. It is what `built-in` names (minihit/training/run/folder.py); examples/built_in.py packed it.
"""
