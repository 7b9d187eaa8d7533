"""The request as pydantic models, the same for every stack that has models."""

from pydantic import BaseModel, Field


class Item(BaseModel):
    sku: str
    quantity: int
    points: int


class Delivery(BaseModel):
    name: str
    country: str
    city: str
    line: str
    postcode: str


class Redemption(BaseModel):
    points: int = Field(gt=0)
    currency: str = Field(min_length=3, max_length=3)
    amount_minor: int
    quote_id: str
    items: list[Item]
    delivery: Delivery
    note: str = ""
