def lines_of(item):
    """Return the lines of a purchase, as the data lake's documents have them. Numbers are Decimal."""
    return [
        {
            'codigo': line['codigo'],
            'cantidad': line['cantidad'],
            'precio_unitario': _price(line),
        }
        for line in item['productos']
    ]


def _price(line):
    """Return the price, by its new name or by the one it had until 14 July; a line without either has none: KeyError."""
    # Asked by name, not by `or`: what is given away costs 0, and 0 is a price.
    return line['precio_unitario'] if 'precio_unitario' in line else line['precio']
