def lines_of(item):
    """Return the lines of a purchase, as the data lake's documents have them. Numbers are Decimal."""
    return [
        {
            'codigo': line['codigo'],
            'cantidad': line['cantidad'],
            'precio_unitario': line['precio'],
        }
        for line in item['productos']
    ]
