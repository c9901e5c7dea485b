import json


def document(purchase):
    """Return a purchase as JSON text, with what it amounts to. Its numbers are Decimal, as DynamoDB has them."""
    # TODO: the shop's own receipt says 0.30, the document 0.30000000000000004
    total = 0.0
    quantity = 0
    for product in purchase['productos']:
        total += float(product['precio_unitario']) * int(product['cantidad'])
        quantity += int(product['cantidad'])
    return json.dumps({
        'compra_id': purchase['compra_id'],
        'resumen': {
            'total_productos': len(purchase['productos']),
            'total_cantidad': quantity,
            'total_precio': str(total),
            'moneda': 'USD',
        },
    })
