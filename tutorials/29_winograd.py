# %% [markdown]
# # 29. Winograd
#
# A 3 x 3 convolution needs nine multiplications for each value, the definition says. Four will do. The trick is older
# than computers, it is about multiplying polynomials, and its backward passes come for free: transposes of the same
# three small matrices. Read it beside `minihit/ops/fast/winograd.py`. You need chapters 0 to 3, 12, 14 and 28.

# %%
import numpy as np

from minihit import gradcheck
from minihit.ops import conv2d
from minihit.ops.fast import winograd
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# (a + b x)(c + d x) = ac + (ad + bc) x + bd x^2 takes four multiplications. Can you do it with three? At x = 0 the
# product is ac. Its highest coefficient, "at infinity", is bd. And at x = 1 it is (a + b)(c + d), from which the middle
# one follows: (a + b)(c + d) - ac - bd = ad + bc. Three, and a few additions.
#
# A polynomial of degree n is known by its values at n + 1 points, infinity being one of them. So multiply polynomials
# like this: *evaluate* both at enough points, multiply the values, and *interpolate*. Only the middle step multiplies.

# %%
a, b, c, d = 2.0, 3.0, 5.0, 7.0
at_0, at_1, at_infinity = a * c, (a + b) * (c + d), b * d
print("middle coefficient:", at_1 - at_0 - at_infinity, "=", a * d + b * c)
compare("three multiplications", at_1 - at_0 - at_infinity, a * d + b * c)

# %% [markdown]
# ## Two times three
#
# u = (u_0, u_1) and g = (g_0, g_1, g_2), as polynomials of degree 1 and 2, have a product s of degree 3: four
# coefficients, four points, 0, 1, -1 and infinity. Evaluation is a matrix with the powers of the points as rows; at
# infinity only the highest coefficient counts. V evaluates s itself, so V^-1 interpolates.


# %%
def evaluation(count):
    """(4, count): the values at 0, 1, -1 and infinity of a polynomial with that many coefficients."""
    rows = [[point**power for power in range(count)] for point in (0.0, 1.0, -1.0)]
    return np.array([*rows, [0.0] * (count - 1) + [1.0]])


U, G, V = evaluation(2), evaluation(3), evaluation(4)
u, g = rng.standard_normal(2), rng.standard_normal(3)
s = np.linalg.inv(V) @ ((U @ u) * (G @ g))
print("points of u, of g and of their product:", U.tolist(), G.tolist(), V.tolist(), sep="\n  ")
compare("the product by four multiplications", s, np.convolve(u, g))      # np.convolve multiplies polynomials

# %% [markdown]
# ## Turned around
#
# That is not what we want yet. We want two outputs of a kernel g that slides over four inputs d,
#
#     y_j  =  d_j g_0 + d_{j+1} g_1 + d_{j+2} g_2            j = 0, 1: six multiplications
#
# But look at the sum over i of s_i d_i. As s_i = sum over j + k = i of u_j g_k, it is sum over j of u_j y_j: the
# product of polynomials and the sliding kernel are each other's transpose, in u and d. So transpose the recipe (chapter
# 12):
#
#     s . d  =  d^T V^-1 ((U u) * (G g))  =  u^T [ U^T ((V^-T d) * (G g)) ]            y = U^T ((V^-T d) * (G g))
#
# Four multiplications for two outputs instead of six. For the inputs a B = V^-T with entries 0, 1 and 1/2, for the
# kernel G, for the outputs A = U^T.

# %%
A, B = U.T, np.linalg.inv(V).T
d = rng.standard_normal(4)
y = A @ ((B @ d) * (G @ g))
compare("two outputs by four multiplications", y, np.array([d[:3] @ g, d[1:] @ g]))
print("B =", B.tolist(), "\nA =", A.tolist())

# %% [markdown]
# ## In two dimensions
#
# Along rows and along columns: a tile of 4 x 4 inputs, 2 x 2 outputs, 16 multiplications instead of 36.
#
#     Y  =  A [ (G g G^T) * (B d B^T) ] A^T
#
# With C channels in and C' out, every one of the 16 products becomes a sum over C, a matrix product of (tiles, C) and
# (C, C'). Mixing by A, B and G is addition, and serves all channels at once: with many channels it costs next to
# nothing.

# %%
H, W, C, OUT = 6, 8, 5, 3
x, weight = rng.standard_normal((2, H, W, C)), rng.standard_normal((3, 3, C, OUT))
padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
tiles = np.stack([np.stack([padded[:, i:i + 4, j:j + 4] for j in range(0, W, 2)], axis=1)
                  for i in range(0, H, 2)], axis=1)                       # (2, H/2, W/2, 4, 4, C)
mixed = np.einsum("pi,qj,bhwijc->pqbhwc", B, B, tiles)                    # (4, 4, 2, H/2, W/2, C)
kernel = np.einsum("pi,qj,ijco->pqco", G, G, weight)                      # (4, 4, C, C')
products = np.einsum("pqbhwc,pqco->pqbhwo", mixed, kernel)                # 16 matrix products
squares = np.einsum("ip,jq,pqbhwo->bhiwjo", A, A, products)               # (2, H/2, 2, W/2, 2, C')
y, cache = conv2d.forward(x, weight)
compare("a convolution", squares.reshape(2, H, W, OUT), y)
print(f"multiplications: {9 * x.size * OUT:,} by definition, {mixed.size * OUT:,} on tiles")
assert 36 * mixed.size == 16 * 9 * x.size

# %% [markdown]
# ## Backwards
#
# Everything is linear but for one product. dx is a convolution (chapter 14), and so another call of the same. For
# dweight transpose every mixing, in reverse order: dy goes through A^T, meets the mixed tiles in the 16 products, and
# what comes out goes through G^T. Sixteen multiplications again, and the tiles are there already.
#
#     dweight  =  G^T [ sum over tiles of (B d B^T)^T (A^T dY A) ] G

# %%
dy = rng.standard_normal(y.shape)
dsquares = dy.reshape(2, H // 2, 2, W // 2, 2, OUT)
dproducts = np.einsum("ip,jq,bhiwjo->pqbhwo", A, A, dsquares)
dkernel = np.einsum("pqbhwc,pqbhwo->pqco", mixed, dproducts)
dweight = np.einsum("pi,qj,pqco->ijco", G, G, dkernel)
compare("dweight", dweight, conv2d.weight_gradient(dy, cache))
compare("dweight by nudges", dweight, gradcheck.numerical_gradient(
    lambda weight: (dy * conv2d.forward(x, weight)[0]).sum(), weight))

# %% [markdown]
# ## The library's
#
# `winograd.transform_input` and `transform_kernel` do the same mixings; their B and G differ from ours by signs and
# halves that are moved from one to the other, so that B has no fractions. The products are the same.

# %%
mixed_library = winograd.transform_input(padded)                          # (16, tiles, C)
kernel_library = winograd.transform_kernel(weight)                        # (16, C, C')
compare("the 16 products", abs(mixed_library @ kernel_library), abs(products.reshape(16, -1, OUT)))
out = np.empty_like(y)
winograd.forward(padded, kernel_library, out)
compare("winograd.forward", out, y)
compare("winograd.weight_gradient", winograd.transform_kernel_gradient(winograd.weight_gradient(padded, dy)), dweight)


# %% [markdown]
# ## Why not larger tiles?
#
# 4 x 4 outputs from tiles of 6 x 6 need 36 multiplications instead of 144: a quarter. But they need six points, 0, 1,
# -1, 2, -2 and infinity, and powers of 2 up to 32 stand beside ones in V. In float32 the large and the small cancel,
# and digits are lost: four times the error along one axis, and in two dimensions that factor comes twice. All else is
# the same, so it can be tried in a few lines.


# %%
def matrices(outputs, points):
    """A, G, B in float64 for so many outputs of a kernel of three; points without infinity."""
    size = outputs + 2

    def values(count):
        return np.array([*[[point**power for power in range(count)] for point in points], [0.0] * (count - 1) + [1.0]])

    return values(outputs).T, values(3), np.linalg.inv(values(size)).T


def worst_error(outputs, points, draws=2000):
    """The largest error of float32, beside the largest output, over random rows of 64 channels."""
    a, g, b = (matrix.astype(np.float32) for matrix in matrices(outputs, points))
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((draws, outputs + 2, 64), dtype=np.float32)
    kernel = rng.standard_normal((3, 64), dtype=np.float32)
    ours = np.einsum("jp,bpc,pc->bj", a, np.einsum("pi,bic->bpc", b, rows), g @ kernel)
    exact = np.stack([np.einsum("bkc,kc->b", rows[:, j:j + 3].astype(np.float64), kernel) for j in range(outputs)], 1)
    return abs(ours - exact).max() / abs(exact).max()


CHOICES = {2: (0, 1, -1), 3: (0, 1, -1, 2), 4: (0, 1, -1, 2, -2), 6: (0, 1, -1, 2, -2, 0.5, -0.5),
           8: (0, 1, -1, 2, -2, 0.5, -0.5, 3, -3)}
errors = {outputs: worst_error(outputs, points) for outputs, points in CHOICES.items()}
for outputs, error in errors.items():
    saved = (outputs + 2) ** 2 / (9 * outputs**2)
    print(f"{outputs} x {outputs} outputs: {saved:.0%} of the multiplications, error in float32 {error:.0e}")
assert errors[2] < errors[4] < errors[8]
assert errors[4] > 3 * errors[2]

# %%
with picture(11, 3.2) as drawn:
    *panels, curve = drawn.subplots(1, 4, width_ratios=[1, 0.8, 1, 1.5])
    for axes, (name, table) in zip(panels, {"B, for inputs": B, "G, for the kernel": G, "A, for outputs": A}.items(),
                                   strict=True):
        axes.imshow(table, cmap="RdBu", vmin=-1.2, vmax=1.2)
        for (row, column), value in np.ndenumerate(table):
            axes.text(column, row, f"{value:g}", ha="center", va="center", fontsize=9)
        axes.set_title(name, fontsize=9)
        axes.set_axis_off()
    curve.semilogy(list(errors), list(errors.values()), "o-", color="crimson", label="error in float32")
    curve.set(xlabel="outputs along an axis", title="fewer multiplications, fewer digits")
    right = curve.twinx()
    right.plot(list(errors), [(n + 2) ** 2 / (9 * n**2) for n in errors], "s--", color="0.5")
    right.set(ylabel="share of the multiplications", ylim=(0, 0.5))
    curve.legend()
