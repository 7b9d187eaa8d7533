"""Older and newer code on one store, on each engine."""

from __future__ import annotations

from tests.support.each_engine import dynamodb, open_store, postgres_dsn

__all__ = ["dynamodb", "open_store", "postgres_dsn"]
