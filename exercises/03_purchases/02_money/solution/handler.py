import json


def document(purchase):
    """Return a purchase as JSON text, with what it amounts to. Its numbers are Decimal, as DynamoDB has them."""
    total = sum(product['precio_unitario'] * product['cantidad'] for product in purchase['productos'])
    quantity = sum(product['cantidad'] for product in purchase['productos'])
    return json.dumps({
        'compra_id': purchase['compra_id'],
        'resumen': {
            'total_productos': len(purchase['productos']),
            'total_cantidad': int(quantity),
            # As a text: whoever reads a JSON number makes a float of it, and there is no float 0.1.
            'total_precio': str(total),
            'moneda': 'USD',
        },
    })
