"""The report's figures: exact, and apart for each currency."""

from __future__ import annotations

import decimal
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from handlers.purchases.purchase import read_purchase
from handlers.shared.failures import PermanentFailure
from handlers.shared.table_changes import plain_item

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handlers.purchases.purchase import Purchase
    from handlers.shared.table_changes import TypedItem

BEST_SELLERS = 5


@dataclass
class Totals:
    """What was bought in one currency."""

    purchases: int = 0
    products: int = 0
    quantity: int = 0
    amount: Decimal = field(default_factory=Decimal)

    def add(self, purchase: Purchase) -> None:
        """Count a purchase."""
        self.purchases += 1
        self.products += len(purchase.products)
        self.quantity += purchase.total_quantity
        self.amount += purchase.total


def statistics(items: Iterable[TypedItem], *, currency: str) -> dict[str, Any]:
    """Return the figures of some items, which are looked at one by one: there may be more than fit into memory.

    Args:
        items: as DynamoDB has them.
        currency: of a purchase that names none.
    """
    by_currency: dict[str, Totals] = {}
    units: Counter[str] = Counter()
    names: dict[str, str] = {}
    unreadable = 0
    with decimal.localcontext(prec=decimal.MAX_PREC):
        for item in items:
            try:
                purchase = read_purchase(plain_item(item), currency=currency)
            except PermanentFailure:
                unreadable += 1  # it has no figures; that it is there must be seen
                continue
            by_currency.setdefault(purchase.moneda, Totals()).add(purchase)
            for product in purchase.products:
                units[product.codigo] += product.cantidad
                names[product.codigo] = product.nombre
    best = sorted(units.items(), key=lambda entry: (-entry[1], entry[0]))[:BEST_SELLERS]
    return {
        "compras": sum(totals.purchases for totals in by_currency.values()),
        "compras_ilegibles": unreadable,
        "por_moneda": [
            {
                "moneda": code,
                "compras": totals.purchases,
                "total_productos": totals.products,
                "total_cantidad": totals.quantity,
                "total_precio": totals.amount,
            }
            for code, totals in sorted(by_currency.items())
        ],
        "mas_vendidos": [{"codigo": code, "nombre": names[code], "unidades": count} for code, count in best],
    }
