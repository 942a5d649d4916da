"""经办方: which sides of a case may be passed over."""

# Where there is nobody, or the same office, the kernel asks nobody (032_routing.sql): these are asked by their task alone.
PASSED_OVER = (
    "unit_head", "supervisor", "city_establishment", "city_personnel", "source_establishment", "source_personnel",
    "receiving_establishment",
)  # fmt: skip
