"""Distances, bearings and grid references on the sphere; degrees in, kilometres and words out."""

from functools import lru_cache

import mgrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

EARTH_KM = 6371.0
_WINDS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
_PRECISION_KM = ((0.1, 3), (2.0, 2), (20.0, 1))
"""Largest radius (km) and the digits of easting and northing that still say the truth: 100 m, 1 km, 10 km; beyond, the 100 km square."""


def distance_km(lat: ArrayLike, lon: ArrayLike, lats: ArrayLike, lons: ArrayLike) -> NDArray[np.float64]:
    """Great-circle kilometres between points given in degrees; arrays broadcast."""
    a, b, c, d = (np.radians(np.asarray(x, dtype=np.float64)) for x in (lat, lon, lats, lons))
    h = np.sin((c - a) / 2) ** 2 + np.cos(a) * np.cos(c) * np.sin((d - b) / 2) ** 2
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(h, 0, 1))))


def bearing(lat: float, lon: float, to_lat: float, to_lon: float) -> str:
    """Say in which of eight directions the second point lies as seen from the first."""
    a, b, c, d = np.radians((lat, lon, to_lat, to_lon))
    degrees = np.degrees(np.arctan2(np.sin(d - b) * np.cos(c), np.cos(a) * np.sin(c) - np.sin(a) * np.cos(c) * np.cos(d - b)))
    return _WINDS[round(float(degrees) / 45) % 8]


def beyond(lat: float, lon: float, away_km: float, wind: str) -> tuple[float, float]:
    """Give the point that lies *away_km* from another in one of eight directions (``NE``)."""
    course, arc = np.radians(45.0 * _WINDS.index(wind)), away_km / EARTH_KM
    a, b = np.radians((lat, lon))
    c = np.arcsin(np.sin(a) * np.cos(arc) + np.cos(a) * np.sin(arc) * np.cos(course))
    d = b + np.arctan2(np.sin(course) * np.sin(arc) * np.cos(a), np.cos(arc) - np.sin(a) * np.sin(c))
    return float(np.degrees(c)), float((np.degrees(d) + 180) % 360 - 180)


@lru_cache(maxsize=1)
def _grids() -> mgrs.MGRS:
    return mgrs.MGRS()


def grid(lat: float, lon: float, radius_km: float) -> str:
    """Write a military grid reference whose digits state the radius: ``37S CU 74 20`` is good to about a kilometre."""
    digits = next((n for limit, n in _PRECISION_KM if radius_km <= limit), 0)
    text = str(_grids().toMGRS(lat, lon, MGRSPrecision=digits))
    numbers = text[len(text) - 2 * digits :] if digits else ""
    square = text[: len(text) - len(numbers)]
    return " ".join(filter(None, (square[:-2], square[-2:], numbers[:digits], numbers[digits:])))
