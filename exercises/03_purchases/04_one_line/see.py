"""Ask Athena for what object_body of handler.py writes: python exercises/03_purchases/04_one_line/see.py"""

from handler import object_body

from lab.workbook.lake import Lake, QueryFailure

documents = [
    {'compra_id': 'abc123', 'nota': 'Dejar en la puerta'},
    {'compra_id': 'def456', 'nota': 'Llamar antes:\n+51 1 555 0100'},
    {'compra_id': 'ghi789', 'nota': ''},
]
body = object_body(documents)
print(body.decode())
print()
lake = Lake({'compras_json': {'compra_id': 'string', 'nota': 'string'}}, {'compras_json/1.json': body})
sql = 'SELECT compra_id, nota FROM compras_json'
print(sql)
try:
    for row in lake.query(sql):
        print(row)
except QueryFailure as failure:
    print(failure)
