"""A purchase as the table has it, held against what the data lake's columns can hold.

The lesson: a table takes any attribute of any type, a query does not. One document with a word where a number should be
fails every query over it, so what cannot be read is refused here, where its record is told to the failure destination.
"""

from __future__ import annotations

import decimal
import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from handlers.shared.exact_json import exact_json
from handlers.shared.failures import PermanentFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handlers.shared.table import Item

# What the columns hold: precio_unitario decimal(18, 6); a cantidad so small that total_cantidad fits a bigint and
# total_precio a decimal(38, 6), however many products an item of 400 KB lists.
_SMALLEST_MONEY = Decimal("0.000001")
_MONEY_BELOW = Decimal(10) ** 12
_QUANTITY_BELOW = Decimal(10) ** 9
_TOTAL_DIGITS = 38

_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_PURCHASE = ("compra_id", "user_id", "tenant_id", "fecha", "productos", "moneda")
_PRODUCT = ("codigo", "nombre", "precio_unitario", "cantidad")


@dataclass(frozen=True)
class Product:
    """A line of a purchase."""

    codigo: str
    nombre: str
    precio_unitario: Decimal
    cantidad: int
    others: Item
    """What else the line says."""

    @property
    def total(self) -> Decimal:
        """What the line costs, exactly: at most 27 digits."""
        return self.precio_unitario * self.cantidad


@dataclass(frozen=True)
class Purchase:
    """A purchase that can be read."""

    compra_id: str
    user_id: str
    tenant_id: str
    fecha: str
    """When it was bought, as the shop wrote it; often without a zone, so no one knows the hour in UTC."""
    products: list[Product]
    moneda: str
    """The currency's three letters (ISO 4217)."""
    others: Item
    """Attributes that the lesson knows nothing of."""

    @property
    def total_quantity(self) -> int:
        """How many things were bought."""
        return sum(product.cantidad for product in self.products)

    @property
    def total(self) -> Decimal:
        """What it costs, exactly."""
        with decimal.localcontext(prec=_TOTAL_DIGITS):
            return sum((product.total for product in self.products), Decimal(0))


def read_purchase(item: Item, *, currency: str) -> Purchase:
    """Return the purchase that an item is.

    Args:
        item: its attributes, numbers as Decimal.
        currency: of a purchase that names none.

    Raises:
        PermanentFailure: an attribute is missing or of another type; the reason names it, never its value.
    """
    products = item.get("productos")
    if not isinstance(products, list):
        raise PermanentFailure("productos is missing or not a list")
    return Purchase(
        compra_id=_text(item, "compra_id"),
        user_id=_text(item, "user_id"),
        tenant_id=_text(item, "tenant_id"),
        fecha=_time(item, "fecha"),
        products=[_product(product) for product in products],  # pyright: ignore[reportUnknownVariableType]
        moneda=_currency(item.get("moneda", currency)),
        others=_others(item, _PURCHASE),
    )


def others_text(others: Item) -> dict[str, str]:
    """Return the member `otros` of a document, none where there is nothing else.

    It is JSON within a text, because names that nobody has agreed on may differ in capitals only, and Athena, which
    knows small letters alone, would fail on such an object.
    """
    return {"otros": exact_json(others)} if others else {}


def _product(product: Any) -> Product:
    if not isinstance(product, dict):
        raise PermanentFailure("one of the productos is not a map")
    line: Item = product  # pyright: ignore[reportUnknownVariableType] - a map's values are of any kind
    return Product(
        codigo=_text(line, "codigo"),
        nombre=_text(line, "nombre"),
        precio_unitario=_money(line, "precio_unitario"),
        cantidad=_quantity(line, "cantidad"),
        others=_others(line, _PRODUCT),
    )


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    if not isinstance(value, str):
        raise PermanentFailure(f"{name} is missing or not a text")
    return value


def _time(item: Mapping[str, Any], name: str) -> str:
    value = _text(item, name)
    try:
        datetime.fromisoformat(value)
    except ValueError as error:
        raise PermanentFailure(f"{name} is not a time as ISO 8601 writes it") from error
    return value


def _currency(value: Any) -> str:
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        raise PermanentFailure("moneda is not three capital letters")
    return value


def _money(item: Mapping[str, Any], name: str) -> Decimal:
    number = _number(item, name)
    if number.copy_abs() >= _MONEY_BELOW or number % _SMALLEST_MONEY:
        raise PermanentFailure(f"{name} has more than 12 digits before the point or 6 after it")
    return number


def _quantity(item: Mapping[str, Any], name: str) -> int:
    number = _number(item, name)
    if number.copy_abs() >= _QUANTITY_BELOW or number % 1:
        raise PermanentFailure(f"{name} is not a whole number of at most 9 digits")
    return int(number)


def _number(item: Mapping[str, Any], name: str) -> Decimal:
    """Return a number; a text that is one will do, since many programs write prices so to keep them exact."""
    value = item.get(name)
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    raise PermanentFailure(f"{name} is missing or not a number")


def _others(item: Item, known: tuple[str, ...]) -> Item:
    return {name: value for name, value in item.items() if name not in known}
