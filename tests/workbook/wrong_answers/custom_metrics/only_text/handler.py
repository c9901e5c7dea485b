def metric_lines(function_name, processed, failed, milliseconds, sizes):
    """Return the lines that tell CloudWatch of a batch. Whoever calls it prints them: what is printed is logged.

    processed and failed are numbers of purchases, milliseconds how long the batch took, sizes the bytes of each object
    that was written (a list, one number for each).
    """
    # TODO: a person can read these; CloudWatch can count neither of them
    return [
        f'Compras procesadas: {processed}, fallidas: {failed}',
        f'Tiempo: {milliseconds} ms, bytes: {sum(sizes)}',
    ]
