"""See both symptoms: python exercises/03_purchases/11_schema_change/see.py"""

from decimal import Decimal
from pathlib import Path

from handler import lines_of

from lab.workbook.lake import Lake, QueryFailure

DAYS = {'13 July': 'precio', '14 July': 'precio_unitario'}

purchases = []
for day, name in DAYS.items():
    purchase = {'tenant_id': 'empresa_sur', 'productos': [{'codigo': 'PROD001', 'cantidad': 2, name: Decimal('10.00')}]}
    purchases.append(purchase)
    try:
        print(f'{day}, {name}: lines_of returns {lines_of(purchase)}')
    except Exception as error:
        print(f'{day}, {name}: lines_of raises {type(error).__name__}: {error}')

product = 'struct<codigo:string,precio:decimal(18,6),precio_unitario:decimal(18,6),cantidad:bigint>'
lake = Lake({'compras': {'tenant_id': 'string', 'productos': f'array<{product}>'}})
lake.put('compras/1.json', purchases)
try:
    print(f'query.sql answers {lake.query(Path(__file__).with_name("query.sql").read_text())}')
except QueryFailure as failure:
    print(f'query.sql fails: {failure}')
