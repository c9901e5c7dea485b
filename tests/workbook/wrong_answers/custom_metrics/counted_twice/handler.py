import json
import time

MOST_VALUES = 100  # of one metric in a line


def metric_lines(function_name, processed, failed, milliseconds, sizes):
    """Return the lines that tell CloudWatch of a batch. Whoever calls it prints them: what is printed is logged.

    processed and failed are numbers of purchases, milliseconds how long the batch took, sizes the bytes of each object
    that was written (a list, one number for each).
    """
    lines = [
        _line(function_name, {
            'ComprasProcesadas': ('Count', processed),
            'ComprasFallidas': ('Count', failed),
            'TiempoDeProcesamiento': ('Milliseconds', milliseconds),
        })
    ]
    for begin in range(0, len(sizes), MOST_VALUES):
        lines.append(_line(function_name, {'ComprasProcesadas': ('Count', processed), 'TamanoDeArchivo': ('Bytes', sizes[begin:begin + MOST_VALUES])}))
    return lines


def _line(function_name, metrics):
    directive = {
        'Namespace': 'streamlab',
        # Each combination of values is a metric of its own, at 0.30 USD a month: never an id of a purchase here.
        'Dimensions': [['FunctionName']],
        'Metrics': [{'Name': name, 'Unit': unit} for name, (unit, _) in metrics.items()],
    }
    return json.dumps({
        '_aws': {'Timestamp': int(time.time() * 1000), 'CloudWatchMetrics': [directive]},
        'FunctionName': function_name,
        **{name: value for name, (_, value) in metrics.items()},
    })
