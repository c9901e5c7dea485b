"""Put purchases of two shops into the program's bucket: python exercises/03_purchases/05_partitions/put.py [STACK]"""

import sys

from lab.target import Target

target = Target(sys.argv[1] if len(sys.argv) > 1 else 'exercises')
bucket = target.lesson('purchases')['BucketName']
for tenant in ('empresa_postman', 'empresa_andina'):
    for day in ('2025/07/13', '2025/11/02', '2026/03/09'):
        key = f'compras/{tenant}/{day}/insert_abc123.json'
        target.clients.s3.put_object(Bucket=bucket, Key=key, Body=b'{"compra_id": "abc123", "total": "12.50"}\n')
        print(key)
