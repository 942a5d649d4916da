"""接口: what programs may read."""
