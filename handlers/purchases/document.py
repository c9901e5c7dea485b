"""What becomes of a change of the table: a JSON document, one line, exact to the last cent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from handlers.purchases.key import document_key
from handlers.purchases.purchase import Product, Purchase, others_text, read_purchase
from handlers.shared.exact_json import exact_json
from handlers.shared.objects import StoredObject
from handlers.shared.times import iso_time

if TYPE_CHECKING:
    from handlers.shared.table_changes import TableChange

PROCESSED_BY = "lambda-streams-actualizador-compras"


def change_object(change: TableChange, *, currency: str, stage: str) -> StoredObject:
    """Return the object that holds the document of a change.

    Args:
        change: what happened to a purchase.
        currency: of a purchase that names none.
        stage: where the function runs: dev, prod.

    Raises:
        PermanentFailure: it cannot be made of this change.
    """
    purchase = read_purchase(change.image(), currency=currency)
    document = {**_purchase(purchase), "metadata": _metadata(change, stage=stage)}
    return StoredObject(
        key=document_key(change, tenant_id=purchase.tenant_id, compra_id=purchase.compra_id),
        # Athena takes every line for a document of its own: one that is spread over several lines cannot be read.
        body=f"{exact_json(document)}\n".encode(),
        content_type="application/json",
    )


def _purchase(purchase: Purchase) -> dict[str, Any]:
    return {
        "compra_id": purchase.compra_id,
        "user_id": purchase.user_id,
        "tenant_id": purchase.tenant_id,
        "fecha": purchase.fecha,
        "productos": [_product(product) for product in purchase.products],
        "resumen": {
            "total_productos": len(purchase.products),
            "total_cantidad": purchase.total_quantity,
            "total_precio": purchase.total,
            "moneda": purchase.moneda,
        },
        **others_text(purchase.others),
    }


def _product(product: Product) -> dict[str, Any]:
    return {
        "codigo": product.codigo,
        "nombre": product.nombre,
        "precio_unitario": product.precio_unitario,
        "cantidad": product.cantidad,
        **others_text(product.others),
    }


def _metadata(change: TableChange, *, stage: str) -> dict[str, Any]:
    return {
        "event_name": change.event_name,
        "event_source": change.event_source,
        "aws_region": change.region,
        "changed_at": iso_time(change.arrival),
        "sequence_number": change.sequence_number,
        "removed_by_ttl": change.by_time_to_live,
        "processed_at": iso_time(datetime.now(UTC)),
        "processed_by": PROCESSED_BY,
        "stage": stage,
    }
