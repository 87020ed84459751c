"""A codebook of moving averages: a code is the mean of the vectors that were nearest to it (van den Oord et al. 2017,
appendix A.1), and one that hardly any is nearest to begins again at a vector of the batch.

Shapes: codebook, sum, vectors (K, D); count, offered (K,); weight ().

count and sum are averages over steps that began at zero. `weight` is the average of one, 1 - decay^t: both divided by
it are what they would be had they not begun there. Without that, the count of a code would say how old the run is.
"""

from minihit.backend import array_module
from minihit.ops.blend import blend
from minihit.ops.matmul import matmul
from minihit.ops.quantize import one_hot

EPS = 1e-5                                                                # of Laplace smoothing


def met(cache, offers=None):
    """What vectors add to the averages: those of each code, and those that it is offered; {} where there are none.

    cache: forward's; offers (B, places): of draw, for these images. The parts of a batch add up (minihit/sums.py).
    """
    z, config = cache["z"], cache["config"]
    if config.learn == "gradient":
        return {}
    rows = z.reshape(-1, config.width)
    count, sum = _gathered(rows, cache["indices"], config.codes)
    if offers is None:
        return {"count": count, "sum": sum}
    offered, vectors = _gathered(rows, offers, config.codes)
    return {"count": count, "sum": sum, "offered": offered, "vectors": vectors}


def update_averages(averages, met, config):
    """The averages after a training batch, which met what all its parts did; {} where there are none."""
    if not averages:
        return averages
    averages = moved(averages, met, config.decay)
    return restarted(averages, met, config.restart) if "offered" in met else averages


def moved(averages, met, decay):
    """All averages one step on, and the codebook that they make."""
    met = {"count": met["count"], "sum": met["sum"], "weight": array_module(met["count"]).ones_like(averages["weight"])}
    new = {name: blend(averages[name], met[name], decay) for name in met}
    return {"codebook": means(**new), **new}


def means(count, sum, weight):
    """The codebook: sums over counts, these smoothed so that none is zero while their total stays what it is."""
    count, sum = count / weight, sum / weight
    vectors = count.sum()
    smoothed = (count + EPS) * (vectors / (vectors + len(count) * EPS))
    return sum / smoothed[:, None]


def restarted(averages, met, share):
    """With the codes that are used less than `share` of the mean moved onto the vectors that they were offered.

    Code, count and sum are set together, or the next step would undo it. The count is that of a code of mean use,
    which leaves it time to be found: in a long run log(share) / log(decay) steps.
    """
    where, weight = array_module(met["count"]).where, averages["weight"]
    mean = weight * (met["count"].sum() / len(met["count"]))
    dead = (averages["count"] < share * mean) & (met["offered"] > 0)
    vectors, each = met["vectors"], dead[:, None]
    return {"codebook": where(each, vectors, averages["codebook"]), "count": where(dead, mean, averages["count"]),
            "sum": where(each, mean * vectors, averages["sum"]), "weight": weight}


def _gathered(rows, indices, codes):
    """How many rows there are of each index, and their sum."""
    hits = one_hot(indices.reshape(-1), codes, rows.dtype)                # (rows, K)
    return hits.sum(axis=0), matmul(hits.T, rows)
