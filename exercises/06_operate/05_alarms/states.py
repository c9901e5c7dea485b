"""Shows the alarms of an account and what state they are in: python states.py"""
import boto3

for alarm in boto3.client('cloudwatch').describe_alarms()['MetricAlarms']:
    print(f"{alarm['StateValue']:18} {alarm['AlarmName']:20} {alarm.get('StateReason', '')}")
