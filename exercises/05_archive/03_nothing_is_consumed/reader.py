"""A reader that does nothing with what it reads."""


def lambda_handler(event, context):
    print(f"{len(event['Records'])} records read")
