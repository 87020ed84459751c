"""Tuned twins of the definitions in minihit/ops: the same results in less time. Which of both runs: ops/switch.py.

What was tried and dropped, on two cores of an AMD EPYC server, steps being those of celeba-64 with R1 and 16 images:

| choice | before | after | why not |
|---|---|---|---|
| Adam and EMA in strips of 32,000 values, 8 million | 31 ms | 24 ms | 0.3% of the step for two more loops |
| Winograd's F(4 x 4, 3 x 3), widest map | 23 ms | 17 ms | 20 times the error; 4 times with nodes sqrt(1/2), sqrt(2) |
| bands of rows inside Winograd's tiles, widest map | 23 ms | 21 ms | two more loops for 1% of the step |
| Winograd from 16 channels on, 24 channels | 3.1 ms | 3.5 ms | slower below 48, equal at 48 |
| three products over rows of 3 pixels, not one of 9 | 2.1 ms | 2.3 ms | slower from 48 channels on |
| the 3-channel stem's gradient as a product and nine shifts | | | saves 0.2% of the step |
| five terms instead of seven in GELU's polynomial | | | saves 20 ms; error 3e-6, not 6e-8 |
| GELU in shorter strips than the products, 128 or 256 KiB | 2.4 s | 2.6 s | more calls, no fewer misses |
| batch norm in strips | | | no gain to be seen |
| lanes of 4 images | 2.9 s | 3.4 s | products too small |
| in evaluation: no hidden layer kept | 0.47 s | 0.46 s | within the clock's own spread |
| in evaluation: no batch norm, more than folding saves | 0.47 s | 0.45 s | layers would need each other |
"""
