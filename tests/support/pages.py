"""What the page of attention holds, as a browser finds it."""

import base64
import json
import re

import numpy as np


def held(page):
    """Its data."""
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])


def decoded(shares, unit):
    """An array of shares of attention."""
    return np.frombuffer(base64.b64decode(shares["values"]), "<u2").reshape(shares["shape"]) * unit
